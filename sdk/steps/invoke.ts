import { checkEventBytes, jsonText } from "../client/json.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { InvokeRequest, Ledger } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import { isInvocable } from "../functions/invocable.ts";
import type { AnyEvents, StepId, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

const CODE = "STEPWELL_INVALID_STEP";

/** `app` is where a reference without an app points. */
export const invoke =
  (ledger: Ledger, app: string): StepTools<AnyEvents>["invoke"] =>
  (id: StepId, call: unknown, data?: unknown) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.invoke");
      const options = isInvocable(call) ? { function: call, data } : call;
      return ledger.ask({ ...step, kind: "invoke", ...checkCall(options, app, where) });
    });

function checkCall(options: unknown, app: string, where: string): Omit<InvokeRequest, "kind"> {
  if (!isRecord(options)) {
    throw badInput(
      CODE,
      where,
      `the second argument must be a function, or { function, data?, … }, got ${quote(options)}.`,
    );
  }
  refuseUnknownKeys(options, ["function", "data", "user", "timeout"], CODE, where);
  const { function: target, data, user, timeout } = options;
  if (!isInvocable(target)) {
    const text = `must be what createFunction or referenceFunction returned, got ${quote(target)}.`;
    throw badInput(CODE, `${where}: function`, text);
  }
  if (data !== undefined && !isRecord(data)) {
    throw badInput(CODE, `${where}: data`, `must be an object, got ${quote(data)}.`);
  }
  if (user !== undefined && !isRecord(user)) {
    throw badInput(CODE, `${where}: user`, `must be an object, got ${quote(user)}.`);
  }
  const dataText = jsonText(data ?? {}, "data", CODE, where);
  const userText = user === undefined ? undefined : jsonText(user, "user", CODE, where);
  checkEventBytes([dataText], userText, where);
  return {
    target: { app: target.app ?? app, functionId: target.id },
    data: JSON.parse(dataText) as unknown,
    ...(userText !== undefined && { user: JSON.parse(userText) as unknown }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout, `${where}: timeout`) }),
  };
}
