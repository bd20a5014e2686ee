import type { Ledger } from "../execution/contract.ts";
import type { SchemaSource } from "../schemas/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { ai } from "./ai/index.ts";
import { stepFetch } from "./fetch.ts";
import { invoke } from "./invoke.ts";
import { run } from "./run.ts";
import { sendEvent } from "./send-event.ts";
import { sendSignal } from "./send-signal.ts";
import { sleep } from "./sleep.ts";
import { sleepUntil } from "./sleep-until.ts";
import { waitForEvent } from "./wait-for-event.ts";
import { waitForSignal } from "./wait-for-signal.ts";

/** The step tools of one run of an app's function. A new one is a file of its own, a line here, and a kind of operation. */
export const createStepTools = (ledger: Ledger, app: string, schemas?: SchemaSource): StepTools<AnyEvents> => ({
  run: run(ledger),
  sleep: sleep(ledger),
  sleepUntil: sleepUntil(ledger),
  waitForEvent: waitForEvent(ledger, schemas),
  waitForSignal: waitForSignal(ledger),
  sendSignal: sendSignal(ledger, app),
  invoke: invoke(ledger, app),
  sendEvent: sendEvent(ledger, schemas),
  fetch: stepFetch(ledger),
  ai: ai(ledger),
});

export { fetch, stepFetch } from "./fetch.ts";
export { group } from "./group.ts";
export { type StoredResponse, storeResponse, toResponse } from "./stored-response.ts";
