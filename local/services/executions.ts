import type { Clock } from "../../sdk/protocol/clock.ts";
import type { Activity } from "../activity.ts";
import { arnOf, queueArn } from "../arn.ts";
import { AwsError } from "../aws-error.ts";
import type { LocalLog } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Random } from "../random.ts";
import type { Store } from "../store.ts";
import { handles, type Machine, SEND_MESSAGE, type TaskState } from "./asl.ts";
import { evaluate, fillTemplate, type Scope, StateError } from "./asl-values.ts";
import type { DynamoDb } from "./dynamodb.ts";
import type { Sqs } from "./sqs.ts";

/** Real task tokens are about so long; they are stored in items, whose size is billed. */
const TOKEN_CHARS = 640;

export interface Execution {
  readonly machine: string;
  readonly name: string;
  /** JSON. */
  readonly input: string;
  readonly startedAt: number;
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
  stoppedAt?: number;
  error?: string;
  cause?: string;
  /** Where it stands: the state, what that is doing, and since when. */
  state: string;
  phase: "calling" | "waiting" | "backing off";
  token?: string;
  timeoutAt?: number;
  retryAt?: number;
  /** Retries of this state so far, in all and by retrier. */
  retries: number;
  retriesBy: Record<number, number>;
  /** Tokens whose time was up: a late callback is told so. */
  timedOut: string[];
}

export interface ExecutionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly meter: Meter;
  readonly activity: Activity;
  readonly sqs: Sqs;
  readonly dynamodb: DynamoDb;
  readonly log: LocalLog;
}

export const executionArn = ({ machine, name }: { readonly machine: string; readonly name: string }) =>
  arnOf("states", `execution:${machine}:${name}`);

/** Runs executions of state machines: which state they are in, what it waits for, what comes next. */
export class Executions {
  readonly #deps: ExecutionDeps;
  readonly #machine: (name: string) => Machine;
  readonly #all = new Map<string, Execution>();
  readonly #byToken = new Map<string, Execution>();
  readonly #timedOut = new Set<string>();
  readonly #timers = new Map<Execution, () => void>();

  constructor(deps: ExecutionDeps, machine: (name: string) => Machine) {
    this.#deps = deps;
    this.#machine = machine;
  }

  get(arn: string): Execution | undefined {
    return this.#all.get(arn);
  }

  list(machine: string): readonly Execution[] {
    return [...this.#all.values()].filter((execution) => execution.machine === machine).reverse();
  }

  start(machine: string, name: string, input: string): Execution {
    const state = this.#machine(machine).StartAt;
    const startedAt = this.#deps.clock.now();
    const fresh = { status: "RUNNING", phase: "calling", retries: 0 } as const;
    const execution: Execution = { ...fresh, retriesBy: {}, timedOut: [], machine, name, input, startedAt, state };
    this.#all.set(executionArn(execution), execution);
    this.#deps.meter.bill("transitions", 1);
    this.#enter(execution, state);
    return execution;
  }

  stop(execution: Execution, error: string | undefined, cause: string | undefined): void {
    if (execution.status === "RUNNING") this.#end(execution, "ABORTED", error, cause);
  }

  /** A callback: the task is done, or failed with `error`. */
  callback(token: string, error?: StateError): void {
    const execution = this.#byToken.get(token);
    if (execution === undefined) {
      if (this.#timedOut.has(token))
        throw new AwsError("TaskTimedOut", "Task Timed Out: the task's time was up before the callback came.");
      throw new AwsError("TaskDoesNotExist", "Task does not exist, or is over.");
    }
    this.#closeTask(execution);
    if (error === undefined) this.#leave(execution);
    else this.#fail(execution, error);
  }

  restore(execution: Execution): void {
    this.#all.set(executionArn(execution), execution);
    for (const token of execution.timedOut) this.#timedOut.add(token);
    if (execution.status !== "RUNNING") return;
    if (execution.token !== undefined) this.#byToken.set(execution.token, execution);
    if (execution.phase === "calling") this.#run(execution);
    else if (execution.phase === "waiting") this.#armTimeout(execution);
    else this.#armRetry(execution);
  }

  /** Takes back all timers. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #enter(execution: Execution, state: string): void {
    Object.assign(execution, { state, retries: 0, retriesBy: {} });
    this.#attempt(execution);
  }

  #attempt(execution: Execution): void {
    this.#deps.meter.bill("transitions", 1);
    const { clock, random } = this.#deps;
    execution.phase = "calling";
    const token = `AQC${random.token(TOKEN_CHARS - 3)}`;
    execution.token = token;
    this.#byToken.set(token, execution);
    try {
      const seconds = timeoutSeconds(this.#stateOf(execution), this.#scopeOf(execution));
      if (seconds !== undefined) execution.timeoutAt = clock.now() + seconds * 1000;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#fail(execution, error);
      return;
    }
    this.#save(execution);
    this.#run(execution);
  }

  #run(execution: Execution): void {
    this.#armTimeout(execution);
    const { token } = execution;
    const end = this.#deps.activity.begin();
    const ours = () => execution.status === "RUNNING" && execution.token === token;
    this.#call(execution)
      .then(
        () => {
          if (!ours()) return;
          if (this.#stateOf(execution).Resource === SEND_MESSAGE) {
            this.#closeTask(execution);
            this.#leave(execution);
            return;
          }
          execution.phase = "waiting";
          this.#save(execution);
        },
        (error: unknown) => {
          if (!(error instanceof StateError)) throw error;
          if (!ours()) return;
          this.#closeTask(execution);
          this.#fail(execution, error);
        },
      )
      .catch((error: unknown) => this.#deps.log("error", `The execution ${execution.name} failed`, { error }))
      .finally(end);
  }

  /** Calls the service of the state's integration. Throws StateError. */
  async #call(execution: Execution): Promise<void> {
    const state = this.#stateOf(execution);
    const parameters = fillTemplate(state.Parameters, this.#scopeOf(execution)) as Record<string, unknown>;
    const sends = state.Resource === SEND_MESSAGE;
    try {
      if (!sends) await this.#deps.dynamodb.call("UpdateItem", parameters);
      else {
        const name = String(parameters.QueueUrl).split("/").at(-1) ?? "";
        const body = parameters.MessageBody;
        this.#deps.sqs.deliver(queueArn(name), typeof body === "string" ? body : JSON.stringify(body));
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new StateError(`${sends ? "Sqs" : "DynamoDb"}.${error.name}`, error.message);
    }
  }

  #armTimeout(execution: Execution): void {
    const { timeoutAt, token } = execution;
    if (timeoutAt === undefined || token === undefined) return;
    this.#setTimer(execution, timeoutAt, () => {
      execution.timedOut.push(token);
      this.#timedOut.add(token);
      this.#closeTask(execution);
      this.#fail(execution, new StateError("States.Timeout", "The task's time was up."));
    });
  }

  #armRetry(execution: Execution): void {
    this.#setTimer(execution, execution.retryAt ?? 0, () => this.#attempt(execution));
  }

  /** An execution waits for one thing at a time. */
  #setTimer(execution: Execution, at: number, task: () => void): void {
    this.#timers.get(execution)?.();
    this.#timers.set(execution, this.#deps.clock.at(at, task));
  }

  /** The task's token is no longer good for anything. */
  #closeTask(execution: Execution): void {
    this.#timers.get(execution)?.();
    this.#timers.delete(execution);
    if (execution.token !== undefined) this.#byToken.delete(execution.token);
    delete execution.token;
    delete execution.timeoutAt;
  }

  #leave(execution: Execution): void {
    const { Next } = this.#stateOf(execution);
    if (Next === undefined) this.#end(execution, "SUCCEEDED");
    else this.#enter(execution, Next);
  }

  /** The first retrier that matches decides, as long as it has tries left; then the first catcher. */
  #fail(execution: Execution, error: StateError): void {
    const { Retry, Catch } = this.#stateOf(execution);
    const index = Retry.findIndex((retrier) => handles(retrier, error.name));
    const retrier = Retry[index];
    const used = execution.retriesBy[index] ?? 0;
    if (retrier !== undefined && used < retrier.MaxAttempts) {
      const seconds = Math.min(retrier.MaxDelaySeconds, retrier.IntervalSeconds * retrier.BackoffRate ** used);
      execution.retriesBy[index] = used + 1;
      execution.retries++;
      execution.phase = "backing off";
      execution.retryAt = this.#deps.clock.now() + seconds * 1000;
      this.#save(execution);
      this.#armRetry(execution);
      return;
    }
    const catcher = Catch.find((one) => handles(one, error.name));
    if (catcher === undefined) this.#end(execution, "FAILED", error.name, error.message);
    else this.#enter(execution, catcher.Next);
  }

  #end(execution: Execution, status: Execution["status"], error?: string, cause?: string): void {
    this.#closeTask(execution);
    execution.status = status;
    execution.stoppedAt = this.#deps.clock.now();
    if (error !== undefined) execution.error = error;
    if (cause !== undefined) execution.cause = cause;
    this.#save(execution);
  }

  #save(execution: Execution): void {
    this.#deps.store.put(`execution/${execution.machine}/${execution.name}`, execution);
  }

  #stateOf(execution: Execution): TaskState {
    return this.#machine(execution.machine).States[execution.state] as TaskState;
  }

  #scopeOf(execution: Execution): Scope {
    const input: unknown = JSON.parse(execution.input);
    const { name, state, retries, token } = execution;
    const context = {
      Execution: { Id: executionArn(execution), Name: name, Input: input },
      State: { Name: state, RetryCount: retries },
      Task: { Token: token },
    };
    return { input, context };
  }
}

function timeoutSeconds(state: TaskState, scope: Scope): number | undefined {
  if (state.TimeoutSecondsPath === undefined) return state.TimeoutSeconds;
  const seconds = evaluate(state.TimeoutSecondsPath, scope);
  if (typeof seconds === "number" && Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new StateError("States.Runtime", `TimeoutSecondsPath gives ${String(seconds)}, which is no positive integer.`);
}

/** Whether a text can be a task token at all. */
export const isToken = (text: string): boolean => text.length === TOKEN_CHARS && /^AQC\w+$/.test(text);
