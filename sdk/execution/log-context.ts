import { AsyncLocalStorage } from "node:async_hooks";

/** What the code that runs now belongs to, for the lines that it logs. */
export interface LogContext {
  readonly app?: string;
  readonly functionId?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly stepId?: string;
}

const KEY = Symbol.for("stepwell.log-context");

/** One for all copies of this package in a process: who writes the lines may have another copy than who runs the code. */
function storage(): AsyncLocalStorage<LogContext> {
  const shared = globalThis as { [KEY]?: AsyncLocalStorage<LogContext> };
  shared[KEY] ??= new AsyncLocalStorage();
  return shared[KEY];
}

export const logContext = (): LogContext => storage().getStore() ?? {};

/** Runs code whose lines belong to what is known already, and to `more`. */
export const withLogContext = <T>(more: LogContext, run: () => T): T =>
  storage().run({ ...logContext(), ...more }, run);
