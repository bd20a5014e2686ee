import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { FunctionTypes, Invocable } from "../types/index.ts";
import { INVOCABLE } from "./invocable.ts";

const CODE = "STEPWELL_INVALID_FUNCTION";
const WHERE = "referenceFunction";

/**
 * A function named by its ids, for `step.invoke` of functions whose code is elsewhere. `referenceFunction` makes it.
 *
 * @example
 * ```ts
 * const targets: FunctionReference[] = [referenceFunction({ appId: "billing", functionId: "charge" })];
 * ```
 */
export class FunctionReference<Input = unknown, Output = unknown> implements Invocable<Input, Output> {
  /** For the compiler only; never there at run time. */
  declare readonly "~types": FunctionTypes<Input, Output>;
  readonly app?: string;
  readonly id: string;
  readonly [INVOCABLE] = true;

  constructor(id: string, app: string | undefined) {
    this.id = id;
    if (app !== undefined) this.app = app;
  }
}

/**
 * Names a function instead of importing it: of this app, or of another one on the same engine by its client id. Whether it exists
 * shows when it is invoked.
 *
 * @example
 * ```ts
 * const createInvoice = referenceFunction<typeof import("../billing").createInvoice>({ appId: "billing", functionId: "create-invoice" });
 * ```
 */
export function referenceFunction<F extends Invocable = Invocable<Record<string, unknown>, unknown>>(target: {
  readonly functionId: string;
  readonly appId?: string;
}): FunctionReference<F["~types"]["input"], F["~types"]["output"]> {
  if (!isRecord(target)) throw badInput(CODE, WHERE, `takes an object { functionId, appId? }, got ${quote(target)}.`);
  const given: Readonly<Record<string, unknown>> = target;
  refuseUnknownKeys(given, ["functionId", "appId"], CODE, WHERE);
  const id = checkId(given.functionId, CODE, `${WHERE}: functionId`);
  return new FunctionReference(
    id,
    given.appId === undefined ? undefined : checkId(given.appId, CODE, `${WHERE}: appId`),
  );
}
