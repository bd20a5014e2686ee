import type { StepKind } from "../../../sdk/protocol/index.ts";
import { invoke } from "./invoke.ts";
import type { Operation } from "./operation.ts";
import { run } from "./run.ts";
import { sendEvent } from "./send-event.ts";
import { sendSignal } from "./send-signal.ts";
import { sleep } from "./sleep.ts";
import { waitForEvent } from "./wait-for-event.ts";
import { waitForSignal } from "./wait-for-signal.ts";

export const operations: Readonly<Record<StepKind, Operation>> = {
  run,
  fetch: run,
  "ai.wrap": run,
  "ai.infer": run,
  sendEvent,
  sendSignal,
  sleep,
  waitForEvent,
  waitForSignal,
  invoke,
};

/** Whether a step of this kind has a body that the runner executes. */
export const hasBody = (kind: StepKind): boolean => operations[kind].execute !== undefined;

export type { Operation } from "./operation.ts";
