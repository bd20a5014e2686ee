import { checkEvents } from "../client/events.ts";
import type { Ledger } from "../execution/contract.ts";
import { outgoingCheck, type SchemaSource } from "../schemas/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const sendEvent =
  (ledger: Ledger, schemas?: SchemaSource): StepTools<AnyEvents>["sendEvent"] =>
  (id, given) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.sendEvent");
      const events = checkEvents(given, where);
      const check = outgoingCheck(given, events, { schemas, where });
      return ledger.ask({ ...step, kind: "sendEvent", events, ...(check && { check }) });
    });
