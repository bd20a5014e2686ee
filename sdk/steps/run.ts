import { badInput, quote } from "../errors/index.ts";
import type { Ledger } from "../execution/contract.ts";
import type { AnyEvents, StepId, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

export const run =
  (ledger: Ledger): StepTools<AnyEvents>["run"] =>
  (id: StepId, body: (...input: never[]) => unknown, ...input: unknown[]) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.run");
      if (typeof body !== "function") {
        const text = `the second argument must be the function to run, got ${quote(body)}.`;
        throw badInput("STEPWELL_INVALID_STEP", where, text);
      }
      const call = body as (...input: readonly unknown[]) => unknown;
      return ledger.ask({ ...step, kind: "run", body: (context) => call(...(input.length === 0 ? [context] : input)) });
    });
