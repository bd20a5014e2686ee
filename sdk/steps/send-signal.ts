import { checkOutgoingSignal } from "../client/signal.ts";
import type { Ledger } from "../execution/contract.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

/** `app` is whose runs a signal is for that names no other. */
export const sendSignal =
  (ledger: Ledger, app: string): StepTools<AnyEvents>["sendSignal"] =>
  (id, signal) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.sendSignal");
      const checked = checkOutgoingSignal(signal, app, "STEPWELL_INVALID_STEP", where);
      return ledger.ask({ ...step, kind: "sendSignal", ...checked });
    });
