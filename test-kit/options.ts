import type { Client } from "../local/app.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import type { DurableFunction, LogSink } from "../sdk/execution/index.ts";
import { parseDate } from "../sdk/expressions/index.ts";
import {
  type AnyEvents,
  type AnyFunction,
  type Invocable,
  type OutgoingEventOf,
  type PointInTime,
  StepwellFunction,
} from "../sdk/index.ts";
import type { TestContext } from "./context.ts";

/** What `createFunction` returned, or `ingest` of `stepwell/oqronkit`. */
export interface TestedFunction extends Invocable {
  durables(): readonly DurableFunction[];
}

/** A step whose body is the test's. */
export interface MockedStep {
  /** The step's id; of repeats `id:1`, `id:2`, … one, the id alone all of them. */
  readonly id: string;
  /**
   * Called in place of the step, whatever its tool, once a try: its value becomes the step's result, through JSON; what it throws is
   * retried by the function's `retries`. For a wait `null` is the timeout. For a request, whose id is `fetch` and its host, a `Response`;
   * anything else is the JSON of one.
   */
  handler(): unknown;
  /** The code need not come by this step. @default false */
  readonly optional?: boolean;
}

/** What may be given to `TestEngine`, and for one execution to `execute`. */
export interface ExecuteOptions {
  /** The events that start the run: more than one for a function with `batchEvents`. @default - one by the function's first trigger */
  readonly events?: readonly OutgoingEventOf<AnyEvents>[];
  /** Mocked steps. Those given to `execute` go before those of the engine. @default - every step runs */
  readonly steps?: readonly MockedStep[];
  /** Other functions of the app: those that it invokes, or that its events start. @default - none */
  readonly functions?: readonly TestedFunction[];
  /** When the virtual clock starts. @default - now, on a whole second */
  readonly startAt?: PointInTime;
  /** Changes what the handler is called with, at each of its starts. @default - as it is, with spies as step tools */
  readonly transformCtx?: (ctx: TestContext) => TestContext;
  /**
   * Makes a spy of a step tool, for runners whose matchers take their own spies alone: `mock` of `bun:test`, `mock.fn` of `node:test`.
   * @default - one that the matchers of vitest and jest take
   */
  readonly spy?: SpyMaker;
  /** The functions' client, if what it does to events as it sends them matters. @default - a plain one of the functions' app */
  readonly client?: Client<unknown>;
  /** Takes the engine's log lines, and those of handlers whose client has no logger. @default - nobody */
  readonly logger?: LogSink;
}

/** What to test, and how. */
export interface TestEngineOptions<F extends TestedFunction = TestedFunction> extends ExecuteOptions {
  /** What `client.createFunction` returned, or `ingest` of `stepwell/oqronkit`. */
  readonly function: F;
}

/** The options of one execution, checked. */
export interface Checked extends Omit<ExecuteOptions, "startAt" | "steps" | "functions"> {
  readonly function: AnyFunction;
  readonly functions: readonly AnyFunction[];
  readonly mocks: ReadonlyMap<string, MockedStep>;
  /** In ms since the epoch. */
  readonly startAt: number | undefined;
}

/** Returns a function that does what the given one does, and remembers its calls. */
export type SpyMaker = (tool: (...args: readonly unknown[]) => unknown) => (...args: readonly unknown[]) => unknown;

const CODE = "STEPWELL_INVALID_OPTION";
const EXECUTE = ["events", "steps", "functions", "startAt", "transformCtx", "spy", "client", "logger"];

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** @throws StepwellError `STEPWELL_INVALID_OPTION`, with the path of the option and what it takes */
export function checkOptions(given: unknown): Checked {
  const where = "TestEngine";
  if (!isRecord(given)) throw badInput(CODE, where, `the options must be { function, … }, got ${quote(given)}.`);
  refuseUnknownKeys(given, ["function", ...EXECUTE], CODE, where);
  const { transformCtx, spy, events, logger, client } = given as unknown as TestEngineOptions;
  const fn = checkFunction(given.function, `${where}: function`);
  for (const [name, hook] of Object.entries({ transformCtx, spy })) {
    if (hook !== undefined && typeof hook !== "function")
      throw badInput(CODE, `${where}: ${name}`, `must be a function, got ${quote(hook)}.`);
  }
  if (events !== undefined && !(Array.isArray(events) && events.length > 0))
    throw badInput(CODE, `${where}: events`, `must be a list of at least one event, got ${quote(events)}.`);
  if (client !== undefined && (client as Client<unknown>)?.id !== fn.app)
    throw badInput(CODE, `${where}: client`, `must be the client "${fn.app}", which the function was made with.`);
  if (logger !== undefined && !LEVELS.every((level) => typeof logger[level] === "function"))
    throw badInput(CODE, `${where}: logger`, "must have the methods debug, info, warn and error.");
  const startAt = given.startAt as PointInTime | undefined;
  return {
    function: fn,
    functions: checkFunctions(given.functions, given.function, `${where}: functions`),
    mocks: checkMocks(given.steps, `${where}: steps`),
    startAt: startAt === undefined ? undefined : parseDate(startAt, `${where}: startAt`),
    ...(transformCtx && { transformCtx }),
    ...(spy && { spy }),
    ...(events && { events }),
    ...(client && { client }),
    ...(logger && { logger }),
  };
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` for what is no option of an execution */
export function checkOverrides(given: unknown, where: string): ExecuteOptions {
  if (!isRecord(given)) throw badInput(CODE, where, `the options must be { events?, steps?, … }, got ${quote(given)}.`);
  refuseUnknownKeys(given, EXECUTE, CODE, where);
  return given;
}

/** Options for one execution over those of the engine: steps are added, the rest is replaced. */
export function merged(base: TestEngineOptions, overrides: ExecuteOptions): TestEngineOptions {
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  const { steps } = overrides;
  const both = Array.isArray(steps) && Array.isArray(base.steps) && { steps: [...base.steps, ...steps] };
  return { ...base, ...Object.fromEntries(given), ...both };
}

function checkFunction(given: unknown, where: string): AnyFunction {
  const fn = isDefinition(given) ? given.durables()[0] : given;
  if (StepwellFunction.is(fn)) return fn;
  throw badInput(CODE, where, `must be what createFunction returned, got ${quote(given)}.`);
}

/** What becomes a function when its app is known. */
const isDefinition = (given: unknown): given is TestedFunction =>
  isRecord(given) && !StepwellFunction.is(given) && typeof given.durables === "function";

function checkFunctions(given: unknown, fn: unknown, where: string): readonly AnyFunction[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw badInput(CODE, where, `must be a list of functions, got ${quote(given)}.`);
  const checked = given.map((one: unknown, index) => checkFunction(one, `${where}[${index}]`));
  return checked.filter((_, index) => given[index] !== fn);
}

function checkMocks(given: unknown, where: string): ReadonlyMap<string, MockedStep> {
  if (given === undefined) return new Map();
  if (!Array.isArray(given)) throw badInput(CODE, where, `must be a list of { id, handler() }, got ${quote(given)}.`);
  const mocks = given.map((mock: unknown, index) => checkMock(mock, `${where}[${index}]`));
  return new Map(mocks.map((mock) => [mock.id, mock]));
}

function checkMock(mock: unknown, where: string): MockedStep {
  if (!isRecord(mock)) throw badInput(CODE, where, `must be { id, handler() }, got ${quote(mock)}.`);
  refuseUnknownKeys(mock, ["id", "handler", "optional"], CODE, where);
  if (typeof mock.id !== "string") throw badInput(CODE, `${where}.id`, `must be a step's id, got ${quote(mock.id)}.`);
  if (typeof mock.handler !== "function")
    throw badInput(
      CODE,
      `${where}.handler`,
      `must be the function to call instead of the step, got ${quote(mock.handler)}.`,
    );
  if (!["undefined", "boolean"].includes(typeof mock.optional))
    throw badInput(CODE, `${where}.optional`, `must be true or false, got ${quote(mock.optional)}.`);
  return mock as unknown as MockedStep;
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` */
export function checkStepName(id: unknown, where: string): void {
  if (typeof id !== "string" || id === "")
    throw badInput(CODE, where, `the first argument must be a step's id, got ${quote(id)}.`);
}
