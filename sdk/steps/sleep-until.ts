import type { Ledger } from "../execution/contract.ts";
import { parseDate } from "../expressions/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const sleepUntil =
  (ledger: Ledger): StepTools<AnyEvents>["sleepUntil"] =>
  (id, time) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.sleepUntil");
      return ledger.ask({ ...step, kind: "sleep", untilMs: parseDate(time, where) });
    });
