import { format } from "node:util";
import { jsonLogger, type LogLevel } from "../../sdk/execution/json-logger.ts";
import type { LogContext } from "../../sdk/execution/log-context.ts";

const METHODS: readonly (readonly [method: "debug" | "trace" | "log" | "info" | "warn" | "error", level: LogLevel])[] =
  [
    ["debug", "debug"],
    ["trace", "debug"],
    ["log", "info"],
    ["info", "info"],
    ["warn", "warn"],
    ["error", "error"],
  ];

/** Makes one line of JSON of whatever is written to the console, with what it belongs to: as Lambda's runtime adds the request id. */
export function labelConsole(context: () => LogContext): void {
  const log = jsonLogger((line) => process.stdout.write(`${line}\n`), Date.now, "debug");
  for (const [method, level] of METHODS) {
    console[method] = (...words: readonly unknown[]) => log[level](format(...words), context());
  }
}
