import { badInput, quote } from "../../errors/index.ts";
import type { Ledger } from "../../execution/contract.ts";
import type { AiTools, StepId } from "../../types/index.ts";
import { checkStepId, rejecting } from "../step-id.ts";
import { type AiRecord, keptRequest } from "./record.ts";
import { usageIn } from "./usage.ts";

export const wrap =
  (ledger: Ledger): AiTools["wrap"] =>
  (id: StepId, call: (...input: never[]) => unknown, ...input: unknown[]) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.ai.wrap");
      if (typeof call !== "function") {
        const text = `the second argument must be the function to call, got ${quote(call)}.`;
        throw badInput("STEPWELL_INVALID_STEP", where, text);
      }
      const ask = call as (...input: readonly unknown[]) => unknown;
      const request = keptRequest(input);
      const asked = ledger.ask({
        ...step,
        kind: "ai.wrap",
        body: async (context): Promise<AiRecord> => {
          const response = await ask(...(input.length === 0 ? [context] : input));
          const usage = usageIn(response);
          return { response, ...(usage && { usage }), request };
        },
      });
      return asked.then((record) => (record as AiRecord).response ?? null);
    });
