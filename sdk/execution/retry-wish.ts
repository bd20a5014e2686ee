import { StepwellError } from "../protocol/index.ts";

/** What a thrown value says about trying again. */
export type RetryWish =
  | { readonly kind: "retry" }
  | { readonly kind: "never" }
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "at"; readonly at: number };

/** Reads the wish by name and shape, since errors survive being bundled twice and classes do not. */
export function retryWishOf(thrown: unknown): RetryWish {
  if (!(thrown instanceof Error)) return { kind: "retry" };
  if (thrown.name === "NonRetriableError" || StepwellError.is(thrown)) return { kind: "never" };
  if (thrown.name !== "RetryAfterError") return { kind: "retry" };
  const after = (thrown as { retryAfter?: { delayMs?: unknown; at?: unknown } }).retryAfter;
  if (typeof after?.at === "number") return { kind: "at", at: after.at };
  if (typeof after?.delayMs === "number") return { kind: "after", ms: after.delayMs };
  return { kind: "retry" };
}
