import { inspect } from "node:util";
import type { LogSink } from "../sdk/execution/index.ts";
import type { SerializedError } from "../sdk/protocol/index.ts";
import { errorLine, paint, short, time } from "./format.ts";

type Level = keyof LogSink;
type Style = Parameters<typeof paint>[0];

const STYLES: Readonly<Record<Level, Style>> = { debug: "gray", info: "reset", warn: "yellow", error: "red" };
const STARTED = "run started";
const COMPLETED = "run completed";
/** Enough of a run's id to tell it from others, and to find it by: `stepwell runs <end>`. */
const RUN_ID_END = 6;
const STACK_LINES_MAX = 4;
const FIELDS_CHARS_MAX = 120;

interface Fields {
  readonly app?: string;
  readonly functionId?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly stepId?: string;
  readonly error?: unknown;
  /** What is wrong, on several lines. */
  readonly problem?: string;
}

/** Log lines for people: time, run, function, step, what happened. */
export function devLog(write: (line: string) => void, now: () => number): LogSink {
  const log =
    (level: Level) =>
    (message: string, fields: object = {}) => {
      for (const line of linesOf(level, message, fields, now())) write(line);
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

function linesOf(level: Level, message: string, fields: Fields, now: number): string[] {
  const { app: _app, functionId, runId, attempt: _attempt, stepId, error, problem, ...more } = fields;
  const [first = "", ...rest] = [message.trimEnd(), ...(problem === undefined ? [] : [problem])].join("\n").split("\n");
  const words = [
    paint("dim", time(now)),
    ...(runId === undefined ? [] : [paint("cyan", runId.slice(-RUN_ID_END))]),
    ...(functionId === undefined ? [] : [stepId === undefined ? functionId : `${functionId} › ${stepId}`]),
    paint(first === COMPLETED ? "green" : STYLES[first === STARTED ? "info" : level], first),
    ...(error === undefined ? [] : [paint(STYLES[level], textOf(error))]),
    ...(Object.keys(more).length === 0 ? [] : [paint("dim", fieldsOf(more))]),
  ];
  return [words.join("  "), ...[...rest, ...stackOf(error)].map((line) => `          ${line}`)];
}

/** Times as people read them. */
const fieldsOf = (fields: object): string =>
  short(
    JSON.stringify(fields, (key, value) => (/At$/.test(key) && typeof value === "number" ? time(value) : value)),
    FIELDS_CHARS_MAX,
  );

const isSerialized = (error: unknown): error is SerializedError =>
  typeof error === "object" && error !== null && "name" in error && "message" in error;

const textOf = (error: unknown): string => {
  if (isSerialized(error)) return errorLine(error, Number.POSITIVE_INFINITY);
  return typeof error === "string" ? error : inspect(error);
};

/** Where it was thrown: what is this package's own, and Node's, says nothing to the app's author. */
function stackOf(error: unknown): string[] {
  const { stack = "" } = isSerialized(error) ? error : {};
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line));
  return frames.slice(0, STACK_LINES_MAX).map((line) => paint("dim", line.trim()));
}
