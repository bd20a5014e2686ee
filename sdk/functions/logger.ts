import { isRecord } from "../errors/index.ts";
import type { LogSink, RunInput } from "../execution/contract.ts";
import { logContext } from "../execution/log-context.ts";
import { serializeError } from "../protocol/index.ts";
import type { Logger } from "../types/index.ts";

type Level = keyof LogSink;

/** The handler's logger: silent while the code goes again through what ran before. Writes to the client's own logger if it has one. */
export function replayAwareLogger(input: Pick<RunInput, "isReplaying" | "log">, own: Logger | undefined): Logger {
  const write = (level: Level, line: readonly unknown[]) => {
    if (input.isReplaying()) return;
    if (own !== undefined) return own[level](...line);
    const { message, fields } = toLine(line);
    const { stepId } = logContext();
    const all = stepId === undefined ? fields : { stepId, ...fields };
    return all === undefined ? input.log[level](message) : input.log[level](message, all);
  };
  return {
    debug: (...line) => write("debug", line),
    info: (...line) => write("info", line),
    warn: (...line) => write("warn", line),
    error: (...line) => write("error", line),
  };
}

/** What people write into loggers, as one message and fields: `("saved", { id })`, `({ id }, "saved")`, `("failed", error)`, `(1, 2)`. */
function toLine(line: readonly unknown[]): { message: string; fields: object | undefined } {
  const words: string[] = [];
  const fields: Record<string, unknown> = {};
  for (const part of line) {
    if (part instanceof Error) fields.error = serializeError(part);
    else if (isRecord(part)) Object.assign(fields, part);
    else words.push(Array.isArray(part) ? JSON.stringify(part) : String(part));
  }
  const message = words.join(" ") || (line.find((part) => part instanceof Error)?.message ?? "");
  return { message, fields: Object.keys(fields).length === 0 ? undefined : fields };
}
