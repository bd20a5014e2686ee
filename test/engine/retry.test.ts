import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideRetry } from "../../lambdas/engine/retry.ts";
import type { RetryPolicy } from "../../sdk/protocol/index.ts";

const now = Date.UTC(2026, 0, 1);
const exponential: RetryPolicy = { attempts: 5, backoff: "exponential", maxDelayMs: 3_600_000 };
const fixed: RetryPolicy = { attempts: 3, backoff: "fixed", maxDelayMs: 3_600_000 };
const retry = { kind: "retry" } as const;
const ceiling = () => 1;

describe("decideRetry", () => {
  it.each([
    // failed tries, policy, delay in ms (undefined: no more tries)
    [1, exponential, 1_000],
    [2, exponential, 2_000],
    [3, exponential, 4_000],
    [4, exponential, 8_000],
    [5, exponential, undefined],
    [6, exponential, undefined],
    [1, fixed, 1_000],
    [2, fixed, 1_000],
    [3, fixed, undefined],
    [1, { ...exponential, attempts: 1 }, undefined],
    [20, { ...exponential, attempts: 21 }, 3_600_000],
    [4, { ...exponential, maxDelayMs: 5_000 }, 5_000],
  ])("after %i failed tries of %o waits at most %s ms (B-6)", (failed, policy, delay) => {
    const decision = decideRetry(failed, retry, policy, now, ceiling);
    expect(decision).toEqual(delay === undefined ? { retry: false } : { retry: true, at: now + delay });
  });

  it("never tries again when the error says so", () => {
    expect(decideRetry(1, { kind: "never" }, exponential, now, ceiling)).toEqual({ retry: false });
  });

  it("takes the time that the error asks for exactly, but never one that is past, and never one try more", () => {
    const at = (time: number) => decideRetry(1, { kind: "at", at: time }, exponential, now, ceiling);
    expect(at(now + 90_000)).toEqual({ retry: true, at: now + 90_000 });
    expect(at(now - 1)).toEqual({ retry: true, at: now });
    expect(decideRetry(1, { kind: "after", ms: 30_000 }, exponential, now, ceiling)).toEqual({
      retry: true,
      at: now + 30_000,
    });
    expect(decideRetry(5, { kind: "after", ms: 30_000 }, exponential, now, ceiling)).toEqual({ retry: false });
  });

  it("spreads exponential delays over the whole range (full jitter)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), (failed, chance) => {
        const decision = decideRetry(failed, retry, exponential, now, () => chance);
        expect(decision).toEqual({ retry: true, at: now + Math.round(chance * 1_000 * 2 ** (failed - 1)) });
      }),
    );
  });
});
