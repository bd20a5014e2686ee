import type { Ledger } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const sleep =
  (ledger: Ledger): StepTools<AnyEvents>["sleep"] =>
  (id, duration) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.sleep");
      return ledger.ask({ ...step, kind: "sleep", forMs: parseDuration(duration, where) });
    });
