import { describe, expect, it } from "vitest";
import { idempotencyExpiry, type Lock, onIdempotencyLock, onSingletonLock } from "../../lambdas/engine/locks.ts";

const DAY_MS = 86_400_000;
const me: Lock = { runId: "me", at: 10 * DAY_MS };
const other = (at: number): Lock => ({ runId: "other", at });

describe("an idempotency key", () => {
  it.each<[string, Lock | undefined, string]>([
    ["that nobody has is taken", undefined, "take"],
    ["that another took a moment before 24 hours ago is taken", other(me.at - DAY_MS), "take"],
    ["that another took within 24 hours is the other's", other(me.at - DAY_MS + 1), "skip"],
    ["that a later event has taken is the other's", other(me.at + 1), "skip"],
    ["that is mine stays mine when the event is delivered again", me, "mine"],
  ])("%s", (_, lock, verdict) => {
    expect(onIdempotencyLock(lock, me)).toBe(verdict);
  });

  it("is kept for as long as an event that it decides may be delivered again", () => {
    expect(idempotencyExpiry({ runId: "other", at: 0 })).toBe(15 * DAY_MS);
  });
});

describe("a singleton's lock", () => {
  const [active, completed, skipped] = [{ status: "active" }, { status: "completed" }, { status: "skipped" }] as const;
  const NOW = me.at + 1_000;

  it.each<[string, Lock | undefined, typeof active | typeof completed | typeof skipped | undefined, string, string]>([
    ["that nobody has", undefined, undefined, "take", "take"],
    ["that is mine", me, undefined, "mine", "mine"],
    ["of a run that goes on", other(me.at - 1), active, "skip", "cancelOwner"],
    ["of a run that came in the same millisecond", other(me.at), active, "skip", "cancelOwner"],
    ["of a newer run", other(me.at + 1), active, "skip", "skip"],
    ["of a run that has ended", other(me.at - 1), completed, "take", "take"],
    ["of a newer run that has ended", other(me.at + 1), completed, "take", "take"],
    ["of an event that was skipped after all", other(me.at - 1), skipped, "take", "take"],
    ["of a run whose start is on its way", other(me.at - 1), undefined, "skip", "cancelOwner"],
    ["of a run whose start is still on its way", other(NOW - 14 * DAY_MS + 1), undefined, "skip", "cancelOwner"],
    ["of a run whose start never came", other(NOW - 14 * DAY_MS), undefined, "take", "take"],
  ])("%s", (_, lock, owner, skip, cancel) => {
    expect(onSingletonLock(lock, owner, me, { mode: "skip" }, NOW)).toBe(skip);
    expect(onSingletonLock(lock, owner, me, { mode: "cancel" }, NOW)).toBe(cancel);
  });
});
