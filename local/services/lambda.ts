import { AsyncLocalStorage } from "node:async_hooks";
import type { Activity } from "../activity.ts";
import { AwsError, unsupported } from "../aws-error.ts";
import type { LocalClock } from "../clock.ts";
import { Invocation, runInInvocation } from "../invocation.ts";
import type { LocalLog } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Random } from "../random.ts";
import { runWithVirtualDate } from "../virtual-date.ts";
import { bodyText, jsonError, type Service, type WireRequest, type WireResponse } from "../wire.ts";
import { type EventSource, type EventSourceOptions, startEventSource } from "./event-source.ts";
import { createContext, type LambdaHandler } from "./lambda-context.ts";
import { EXITED, type FunctionError, toFunctionError } from "./lambda-error.ts";
import type { Sqs } from "./sqs.ts";

const TIMEOUT_MS_DEFAULT = 900_000;
const MEMORY_MB = 512;
/**
 * The time an invocation is billed. In this process, a fixed part, and a part for each AWS call that had to wait for another: so a cloud
 * on a laptop bills what one in AWS would. In a process of its own, whose calls nobody can tell apart, the time that it took.
 */
const COSTS = { app: { fixedMs: 15, callMs: 8 }, process: "measured", engine: { fixedMs: 25, callMs: 0 } } as const;
/** Lambda tries an asynchronous invocation twice more. */
const ASYNC_RETRY_DELAYS_MS = [60_000, 120_000];

export interface FunctionOptions {
  readonly timeoutMs?: number;
  /** How its time is billed: an app's runner by its AWS calls or by the clock, a door of the engine at a fixed price. @default - app */
  readonly cost?: keyof typeof COSTS;
}

export type InvocationResult =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: FunctionError }
  | { readonly kind: "timeout" };

export interface Lambda {
  readonly service: Service;
  register(name: string, handler: LambdaHandler, options?: FunctionOptions): void;
  unregister(name: string): void;
  invoke(name: string, event: unknown): Promise<InvocationResult>;
  /** Maps a queue to a function. */
  addEventSource(name: string, queueArn: string, options?: EventSourceOptions): EventSource;
  /** Stops all event sources. */
  stop(): void;
}

export interface LambdaDeps {
  readonly clock: LocalClock;
  readonly random: Random;
  readonly meter: Meter;
  readonly activity: Activity;
  readonly sqs: Sqs;
  readonly log: LocalLog;
}

interface RegisteredFunction {
  readonly name: string;
  readonly handler: LambdaHandler;
  readonly timeoutMs: number;
  readonly cost: keyof typeof COSTS;
}

export function createLambda(deps: LambdaDeps): Lambda {
  const functions = new Map<string, RegisteredFunction>();
  const sources = new Set<EventSource>();
  // An invocation begins in a clean context, not in that of whoever sent the message that started it.
  const outside = AsyncLocalStorage.snapshot();

  const named = (name: string) => {
    const found = functions.get(bareName(name));
    if (found === undefined) throw new AwsError("ResourceNotFoundException", `Function not found: ${name}`, 404);
    return found;
  };
  const invoke = async (name: string, event: unknown) => {
    const fn = named(name);
    return outside(() => runInvocation(fn, event, deps));
  };
  const register: Lambda["register"] = (name, handler, { timeoutMs = TIMEOUT_MS_DEFAULT, cost = "app" } = {}) => {
    functions.set(name, { name, handler, timeoutMs, cost });
  };
  const addEventSource: Lambda["addEventSource"] = (name, queueArn, options) => {
    const queue = deps.sqs.queue(queueArn);
    if (queue === undefined) throw new AwsError("ResourceNotFoundException", `No such queue: ${queueArn}`, 404);
    const { meter, activity, log } = deps;
    const invokeIt = (event: unknown) => invoke(name, event);
    const source = outside(() =>
      startEventSource({ functionName: name, queue, invoke: invokeIt, meter, activity, log }, options),
    );
    sources.add(source);
    return source;
  };
  const stop = () => {
    for (const source of sources) source.stop();
  };
  const service: Service = async (request) => {
    try {
      return await answer(request, { named, invoke, deps });
    } catch (error) {
      if (error instanceof AwsError) return jsonError(error, { "content-type": "application/json" });
      throw error;
    }
  };
  const unregister = (name: string) => void functions.delete(name);
  return { service, register, unregister, invoke, addEventSource, stop };
}

async function runInvocation(fn: RegisteredFunction, event: unknown, deps: LambdaDeps): Promise<InvocationResult> {
  const { clock, activity, meter } = deps;
  const invocation = new Invocation(deps.random.uuid(), fn.name, () => activity.changed());
  const startedAt = clock.now();
  const deadline = startedAt + fn.timeoutMs;
  const context = createContext(fn.name, invocation.id, deadline, clock, MEMORY_MB);
  const handler = fn.handler as (event: unknown, context: unknown) => unknown;
  const body = async (): Promise<InvocationResult> => {
    try {
      return { kind: "value", value: await handler(event, context) };
    } catch (error) {
      return { kind: "error", error: toFunctionError(error) };
    }
  };
  const inTime = () => (clock.kind === "virtual" ? runWithVirtualDate(clock, body) : body());

  activity.enter(invocation);
  let cancelDeadline = () => {};
  const timeout = new Promise<InvocationResult>((resolve) => {
    cancelDeadline = clock.at(deadline, () => resolve({ kind: "timeout" }));
  });
  const killed = invocation.death.then((): InvocationResult => ({ kind: "error", error: EXITED }));
  // Past the deadline the handler is abandoned; what it still does, it does as a zombie.
  const result = await Promise.race([runInInvocation(invocation, inTime), timeout, killed]);
  cancelDeadline();
  activity.leave(invocation);
  meter.bill("lambdaRequests", 1);
  if (fn.cost !== "engine") meter.bill("appInvocations", 1);
  meter.bill("lambdaMs", billedMs(COSTS[fn.cost], invocation, clock.now() - startedAt));
  if (result.kind === "timeout") deps.log("warn", `${fn.name} timed out`, { requestId: invocation.id });
  return result;
}

function billedMs(cost: (typeof COSTS)[keyof typeof COSTS], { sequentialCalls }: Invocation, tookMs: number): number {
  return cost === "measured" ? tookMs : cost.fixedMs + cost.callMs * sequentialCalls;
}

interface AnswerTools {
  readonly named: (name: string) => RegisteredFunction;
  readonly invoke: Lambda["invoke"];
  readonly deps: LambdaDeps;
}

async function answer(request: WireRequest, { named, invoke, deps }: AnswerTools): Promise<WireResponse> {
  const match = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.path);
  if (match === null || request.method !== "POST") {
    throw unsupported(`Lambda ${request.method} ${request.path}`, ["Invoke"]);
  }
  deps.meter.call("lambda", "Invoke");
  const fn = named(decodeURIComponent(match[1] ?? ""));
  const event = parsePayload(bodyText(request));
  const type = request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  if (type === "Event") {
    invokeLater(fn.name, event, invoke, deps, 0);
    return { status: 202, headers: {}, body: "" };
  }
  if (type !== "RequestResponse") throw unsupported(`Lambda Invoke with InvocationType ${type}`);
  const result = await deps.activity.idleWhile(invoke(fn.name, event));
  const outcome = marshal(result.kind === "timeout" ? { kind: "error", error: timeoutError(fn) } : result);
  const headers: Record<string, string> = outcome.failed ? { "x-amz-function-error": "Unhandled" } : {};
  return {
    status: 200,
    headers: { "content-type": "application/json", "x-amz-executed-version": "$LATEST", ...headers },
    body: outcome.body,
  };
}

/** An asynchronous invocation, with Lambda's own retries. */
function invokeLater(name: string, event: unknown, invoke: Lambda["invoke"], deps: LambdaDeps, tries: number): void {
  const failed = (result: unknown) => {
    const delay = ASYNC_RETRY_DELAYS_MS[tries];
    if (delay === undefined) deps.log("error", `An asynchronous invocation of ${name} failed for good`, { result });
    else deps.clock.at(deps.clock.now() + delay, () => invokeLater(name, event, invoke, deps, tries + 1));
  };
  invoke(name, event).then((result) => result.kind === "value" || failed(result), failed);
}

function parsePayload(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch (cause) {
    throw new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${String(cause)}`);
  }
}

/** The answer crosses a JSON boundary. What is no JSON (circular, BigInt) is an error of the function. */
function marshal(result: Exclude<InvocationResult, { kind: "timeout" }>) {
  if (result.kind === "error") return { failed: true, body: JSON.stringify(result.error) };
  try {
    return { failed: false, body: JSON.stringify(result.value) ?? "null" };
  } catch (error) {
    return { failed: true, body: JSON.stringify({ ...toFunctionError(error), errorType: "Runtime.MarshalError" }) };
  }
}

const timeoutError = (fn: RegisteredFunction): FunctionError => ({
  errorType: "Sandbox.Timedout",
  errorMessage: `Error: Task timed out after ${(fn.timeoutMs / 1000).toFixed(2)} seconds`,
  trace: [],
});

/** The name out of a name, a partial or a full ARN, with or without a version or alias. */
function bareName(name: string): string {
  const parts = name.split(":");
  const marker = parts.indexOf("function");
  return (marker === -1 ? parts[0] : parts[marker + 1]) ?? "";
}
