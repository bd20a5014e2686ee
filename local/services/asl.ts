import { invalid, unsupported } from "../aws-error.ts";
import { isRecord } from "../input.ts";

/** The part of the Amazon States Language that the local cloud runs: Task states with two integrations. */

export const WAIT_FOR_TOKEN = "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken";
export const SEND_MESSAGE = "arn:aws:states:::sqs:sendMessage";
const RESOURCES = [WAIT_FOR_TOKEN, SEND_MESSAGE];

const MACHINE_FIELDS = ["Comment", "StartAt", "States", "Version", "QueryLanguage"];
const STATE_FIELDS = [
  "Comment",
  "QueryLanguage",
  "Type",
  "Resource",
  "Parameters",
  "TimeoutSeconds",
  "TimeoutSecondsPath",
  "ResultPath",
  "Retry",
  "Catch",
  "Next",
  "End",
];
const RETRY_FIELDS = ["ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"];
const CATCH_FIELDS = ["ErrorEquals", "ResultPath", "Next"];

export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, TaskState>>;
}

export interface TaskState {
  readonly Resource: string;
  readonly Parameters: Readonly<Record<string, unknown>>;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly Retry: readonly Retrier[];
  readonly Catch: readonly Catcher[];
  readonly Next?: string;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxAttempts: number;
  readonly MaxDelaySeconds: number;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

/** Parses a definition. Throws when it is malformed, or needs something that cannot be run here. */
export function parseMachine(text: string): Machine {
  let definition: unknown;
  try {
    definition = JSON.parse(text);
  } catch {
    throw malformed("it is not JSON");
  }
  if (!isRecord(definition) || !isRecord(definition.States)) throw malformed("it has no States");
  onlyFields(definition, MACHINE_FIELDS, "state machine field");
  const States = Object.fromEntries(
    Object.entries(definition.States).map(([name, state]) => [name, parseState(name, state)]),
  );
  const machine = { StartAt: String(definition.StartAt), States };
  const targets = Object.values(States).flatMap(({ Next, Catch }) => [Next, ...Catch.map((catcher) => catcher.Next)]);
  const missing = [machine.StartAt, ...targets].find((name) => name !== undefined && !Object.hasOwn(States, name));
  if (missing !== undefined) throw malformed(`there is no state ${missing}`);
  return machine;
}

function parseState(name: string, state: unknown): TaskState {
  if (!isRecord(state)) throw malformed(`the state ${name} is not an object`);
  if (state.Type !== "Task") throw unsupported(`Step Functions states of type ${String(state.Type)}`, ["Task"]);
  const resource = String(state.Resource);
  if (!RESOURCES.includes(resource)) throw unsupported(`the Step Functions resource ${resource}`, RESOURCES);
  onlyFields(state, STATE_FIELDS, `field of the state ${name}:`);
  onlyNullResult(state);
  if (state.End !== true && typeof state.Next !== "string") throw malformed(`the state ${name} has no Next and no End`);
  return {
    Resource: resource,
    Parameters: isRecord(state.Parameters) ? state.Parameters : {},
    ...(typeof state.TimeoutSeconds === "number" && { TimeoutSeconds: state.TimeoutSeconds }),
    ...(typeof state.TimeoutSecondsPath === "string" && { TimeoutSecondsPath: state.TimeoutSecondsPath }),
    Retry: entries(state.Retry).map(parseRetrier),
    Catch: entries(state.Catch).map(parseCatcher),
    ...(typeof state.Next === "string" && { Next: state.Next }),
  };
}

function parseRetrier(retrier: Record<string, unknown>): Retrier {
  onlyFields(retrier, RETRY_FIELDS, "retrier field");
  return {
    ErrorEquals: errorNames(retrier),
    IntervalSeconds: Number(retrier.IntervalSeconds ?? 1),
    BackoffRate: Number(retrier.BackoffRate ?? 2),
    MaxAttempts: Number(retrier.MaxAttempts ?? 3),
    MaxDelaySeconds: Number(retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY),
  };
}

function parseCatcher(catcher: Record<string, unknown>): Catcher {
  onlyFields(catcher, CATCH_FIELDS, "catcher field");
  onlyNullResult(catcher);
  return { ErrorEquals: errorNames(catcher), Next: String(catcher.Next) };
}

/** A state's input is its output: that is what `ResultPath: null` says. */
function onlyNullResult(part: Record<string, unknown>): void {
  if (part.ResultPath !== null) throw unsupported("Step Functions results other than ResultPath null");
}

const entries = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

const errorNames = ({ ErrorEquals }: Record<string, unknown>): readonly string[] =>
  Array.isArray(ErrorEquals) ? ErrorEquals.map(String) : [];

function onlyFields(part: Record<string, unknown>, known: readonly string[], what: string): void {
  if (part.QueryLanguage === "JSONata") throw unsupported("Step Functions with JSONata", ["JSONPath"]);
  const other = Object.keys(part).find((field) => !known.includes(field));
  if (other !== undefined) throw unsupported(`the Step Functions ${what} ${other}`, known);
}

const malformed = (why: string) => invalid(`Invalid State Machine Definition: ${why}`);

/** States.ALL means any error; the timeout has its own name in both. */
export const handles = (part: { readonly ErrorEquals: readonly string[] }, error: string): boolean =>
  part.ErrorEquals.includes(error) || part.ErrorEquals.includes("States.ALL");
