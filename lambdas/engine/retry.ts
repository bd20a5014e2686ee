import { BACKOFF_BASE_MS, type RetryPolicy, WAIT_MS_MAX } from "../../sdk/protocol/index.ts";

/** What a thrown value says about trying again (`sdk/execution/retry-wish.ts` reads it off). */
export type RetryWish =
  | { readonly kind: "retry" | "never" }
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "at"; readonly at: number };

export type RetryDecision = { readonly retry: true; readonly at: number } | { readonly retry: false };

/**
 * Is there another try, and when? `failed` counts the failed tries, this one included.
 * Exponential: a random time up to 1 s · 2^n (full jitter), capped; `RetryAfterError` sets the time exactly.
 */
export function decideRetry(
  failed: number,
  wish: RetryWish,
  policy: RetryPolicy,
  now: number,
  random: () => number,
): RetryDecision {
  if (wish.kind === "never" || failed >= policy.attempts) return { retry: false };
  const latest = now + WAIT_MS_MAX;
  if (wish.kind === "after") return { retry: true, at: Math.min(latest, now + wish.ms) };
  if (wish.kind === "at") return { retry: true, at: Math.min(latest, Math.max(now, wish.at)) };
  const doublings = policy.backoff === "exponential" ? failed - 1 : 0;
  const ceiling = Math.min(policy.maxDelayMs, BACKOFF_BASE_MS * 2 ** doublings);
  return { retry: true, at: now + Math.round(policy.backoff === "exponential" ? ceiling * random() : ceiling) };
}
