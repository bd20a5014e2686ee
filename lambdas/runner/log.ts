import type { LogSink } from "../../sdk/execution/index.ts";
import type { RunAddress } from "../../sdk/protocol/index.ts";

/** Log lines as JSON, one object a line. */
export function jsonLogger(write: (line: string) => void, now: () => number): LogSink {
  const line = (level: string) => (message: string, fields?: object) =>
    write(JSON.stringify({ level, time: new Date(now()).toISOString(), message, ...fields }));
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Lines of a user's handler: each names its run. */
export function runLogger(log: LogSink, run: RunAddress, attempt: number): LogSink {
  const context = { app: run.app, functionId: run.functionId, runId: run.runId, attempt };
  return {
    debug: (message, fields) => log.debug(message, { ...context, ...fields }),
    info: (message, fields) => log.info(message, { ...context, ...fields }),
    warn: (message, fields) => log.warn(message, { ...context, ...fields }),
    error: (message, fields) => log.error(message, { ...context, ...fields }),
  };
}
