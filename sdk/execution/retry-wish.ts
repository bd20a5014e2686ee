import { isError, read, StepwellError } from "../protocol/index.ts";

/** What a thrown value says about trying again. */
export type RetryWish =
  | { readonly kind: "retry" }
  | { readonly kind: "never" }
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "at"; readonly at: number };

/** On errors, and on those of subclasses with names of their own; shared by all copies of this package. */
export const NON_RETRIABLE: unique symbol = Symbol.for("stepwell.NonRetriableError") as never;
export const RETRY_AFTER: unique symbol = Symbol.for("stepwell.RetryAfterError") as never;
export const BACKOFF: unique symbol = Symbol.for("stepwell.Backoff") as never;

/** Reads the wish by brand or name, since errors survive being bundled twice and classes do not. Never throws itself. */
export function retryWishOf(thrown: unknown): RetryWish {
  if (!isError(thrown)) return { kind: "retry" };
  const name = read(thrown, "name");
  if (name === "NonRetriableError" || read(thrown, NON_RETRIABLE) === true) return { kind: "never" };
  if (StepwellError.is(thrown)) return wishOfOurs(thrown);
  if (name !== "RetryAfterError" && read(thrown, RETRY_AFTER) !== true) return { kind: "retry" };
  const after = read(thrown, "retryAfter") as { delayMs?: unknown; at?: unknown } | undefined | null;
  if (typeof after?.at === "number") return { kind: "at", at: after.at };
  if (typeof after?.delayMs === "number") return { kind: "after", ms: after.delayMs };
  return { kind: "retry" };
}

/** Trying again would not help the program, but for the weather, and for middleware, whose own error says what it wants. */
function wishOfOurs(error: StepwellError): RetryWish {
  const { code } = error;
  if (code === "STEPWELL_MIDDLEWARE_FAILED") return retryWishOf(read(error, "cause"));
  return { kind: code === "STEPWELL_SEND_FAILED" || code === "STEPWELL_DECRYPTION_FAILED" ? "retry" : "never" };
}

/** The key whose runs a `Backoff` holds back; `undefined` for everything else that can be thrown. Never throws itself. */
export function backoffKeyOf(thrown: unknown): string | undefined {
  if (!isError(thrown) || read(thrown, BACKOFF) !== true) return undefined;
  const key = read(thrown, "key");
  return typeof key === "string" ? key : undefined;
}
