import type { Readable } from "node:stream";
import type { LogSink } from "../../sdk/execution/index.ts";
import type { LogLevel } from "../../sdk/execution/json-logger.ts";

/** Characters kept of what a process has last complained of: the reason why it died is among them. */
const TAIL_CHARS = 2_000;
/** What comes without an end of line is handed on in pieces of at least this size, in characters. CloudWatch's lines are as long. */
const LINE_CHARS_MAX = 1_048_576;

export interface Output {
  /** The end of its errors, and of what came on stderr as plain text. */
  lastWords(): string;
}

/** Hands on what an app's process writes, as log lines. Lines of JSON are taken for what they say, others as they are. */
export function readOutput(stdout: Readable, stderr: Readable, log: LogSink): Output {
  let tail = "";
  const remember = (text: string) => {
    tail = `${tail}${text}\n`.slice(-TAIL_CHARS);
  };
  const error: LogSink["error"] = (message, fields) => {
    remember(message);
    log.error(message, fields);
  };
  const sink = { ...log, error };
  eachChunk(stdout, (lines) => {
    for (const line of lines) if (!logJson(line, sink)) log.info(line);
  });
  eachChunk(stderr, (lines) => {
    // A stack is written at once: it stays one entry.
    const text = lines.filter((line) => !logJson(line, sink)).join("\n");
    if (text.trim() === "") return;
    remember(text);
    log.warn(text);
  });
  return { lastWords: () => tail.trim() };
}

/** Calls with the whole lines of each chunk; the rest of one belongs to the next, within bounds. */
function eachChunk(stream: Readable, take: (lines: readonly string[]) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length >= LINE_CHARS_MAX) {
      lines.push(rest);
      rest = "";
    }
    if (lines.length > 0) take(lines);
  });
  stream.on("end", () => {
    if (rest !== "") take([rest]);
  });
}

function logJson(line: string, log: LogSink): boolean {
  if (!line.startsWith("{")) return false;
  try {
    const { level, message, time: _time, ...fields }: Record<string, unknown> = JSON.parse(line);
    if (!isLevel(level) || typeof message !== "string") return false;
    log[level](message, fields);
    return true;
  } catch {
    return false;
  }
}

const isLevel = (level: unknown): level is LogLevel =>
  level === "debug" || level === "info" || level === "warn" || level === "error";
