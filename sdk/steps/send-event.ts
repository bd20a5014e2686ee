import { checkEvents } from "../client/events.ts";
import type { Ledger } from "../execution/contract.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const sendEvent =
  (ledger: Ledger): StepTools<AnyEvents>["sendEvent"] =>
  (id, events) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.sendEvent");
      return ledger.ask({ ...step, kind: "sendEvent", events: checkEvents(events, where) });
    });
