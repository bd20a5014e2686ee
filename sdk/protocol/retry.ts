/** A function's retry policy, with every default filled in. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** `exponential`: base · 2^n with full jitter; `fixed`: always the base. */
  readonly backoff: "exponential" | "fixed";
  /** Longest delay, in milliseconds. */
  readonly maxDelayMs: number;
}
