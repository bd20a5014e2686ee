import { checkSignalName } from "../client/signal.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Ledger, WaitForSignalRequest } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

const CODE = "STEPWELL_INVALID_STEP";

export const waitForSignal =
  (ledger: Ledger): StepTools<AnyEvents>["waitForSignal"] =>
  (id, options) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.waitForSignal");
      return ledger.ask({ ...step, kind: "waitForSignal", ...checkWait(options, where) });
    });

function checkWait(options: unknown, where: string): Omit<WaitForSignalRequest, "kind"> {
  if (!isRecord(options)) {
    const text = `the second argument must be { signal, timeout, onConflict? }, got ${quote(options)}.`;
    throw badInput(CODE, where, text);
  }
  refuseUnknownKeys(options, ["signal", "timeout", "onConflict"], CODE, where);
  const { signal, timeout, onConflict = "fail" } = options;
  if (timeout === undefined) {
    throw badInput(CODE, where, 'a `timeout` is required, such as "7d"; 365 days at most.');
  }
  if (onConflict !== "fail" && onConflict !== "replace") {
    throw badInput(CODE, `${where}: onConflict`, `must be "fail" or "replace", got ${quote(onConflict)}.`);
  }
  return {
    signal: checkSignalName(signal, CODE, `${where}: signal`),
    timeoutMs: parseDuration(timeout, `${where}: timeout`),
    onConflict,
  };
}
