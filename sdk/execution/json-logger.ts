import type { LogSink } from "./contract.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** Log lines as JSON, one object a line; those below `least` are left out. */
export function jsonLogger(write: (line: string) => void, now: () => number, least: LogLevel = "info"): LogSink {
  const line = (level: LogLevel) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return () => {};
    return (message: string, fields?: object) =>
      write(JSON.stringify({ level, time: new Date(now()).toISOString(), message, ...fields }));
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** The level that Lambda's `AWS_LAMBDA_LOG_LEVEL` (`TRACE` to `FATAL`) stands for. @default - info */
export function logLevelOf(name: string | undefined): LogLevel {
  const level = (name ?? "").toLowerCase();
  if (level === "trace") return "debug";
  if (level === "fatal") return "error";
  return LEVELS.find((known) => known === level) ?? "info";
}
