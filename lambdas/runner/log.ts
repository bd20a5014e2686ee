import type { LogSink } from "../../sdk/execution/index.ts";
import type { RunAddress } from "../../sdk/protocol/index.ts";

/** Lines about a run: each names it, and lines of its handler the attempt. */
export function runLogger(log: LogSink, { app, functionId, runId }: RunAddress, attempt?: number): LogSink {
  const context = { app, functionId, runId, ...(attempt !== undefined && { attempt }) };
  return {
    debug: (message, fields) => log.debug(message, { ...context, ...fields }),
    info: (message, fields) => log.info(message, { ...context, ...fields }),
    warn: (message, fields) => log.warn(message, { ...context, ...fields }),
    error: (message, fields) => log.error(message, { ...context, ...fields }),
  };
}
