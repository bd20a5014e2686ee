import type { Invocable } from "../types/index.ts";

/** On everything that `step.invoke` can call; shared by all copies of this package. */
export const INVOCABLE: unique symbol = Symbol.for("stepwell.invocable") as never;

export const isInvocable = (value: unknown): value is Invocable =>
  typeof value === "object" && value !== null && INVOCABLE in value;
