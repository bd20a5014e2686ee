import { AsyncLocalStorage } from "node:async_hooks";
import type { Ledger } from "./contract.ts";

const KEY = Symbol.for("stepwell.ledger");

/** One for all copies of this package in a process: who calls `fetch` may have another copy than who runs the function. */
function storage(): AsyncLocalStorage<Ledger> {
  const shared = globalThis as { [KEY]?: AsyncLocalStorage<Ledger> };
  shared[KEY] ??= new AsyncLocalStorage();
  return shared[KEY];
}

/** The ledger of the run whose handler the code is called by, if any. */
export const ledgerAround = (): Ledger | undefined => storage().getStore();

/** Runs a handler whose calls may find its ledger without being handed its step tools. */
export const withLedger = <T>(ledger: Ledger, run: () => T): T => storage().run(ledger, run);
