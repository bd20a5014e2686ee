import { badInput, quote } from "../errors/index.ts";
import type { Ledger } from "../execution/contract.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const run =
  (ledger: Ledger): StepTools<AnyEvents>["run"] =>
  (id, body, ...input) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.run");
      if (typeof body !== "function") {
        const text = `the second argument must be the function to run, got ${quote(body)}.`;
        throw badInput("STEPWELL_INVALID_STEP", where, text);
      }
      return ledger.ask({ ...step, kind: "run", body: () => body(...input) });
    });
