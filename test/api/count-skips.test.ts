import { describe, expect, it } from "vitest";
import { countSkips } from "../../lambdas/api/count-skips.ts";
import type { World } from "../../lambdas/aws/index.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { SKIPS_LOOKED_AT_MAX, type SkipReason } from "../../sdk/protocol/index.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const HOUR = 3_600_000;
const FN = { env: "main", app: "shop", functionId: "welcome" };

/** A world with one function and its records, a second apart; the latest came now. Undefined: a run like any other. */
function worldOf(reasons: readonly (SkipReason | undefined)[], apartMs = 1_000) {
  const runs = reasons.map((reason, i) => {
    const queuedAt = NOW - i * apartMs;
    const runId = runIdOf(FN, `${i}`, queuedAt);
    return { ...FN, runId, queuedAt, eventId: `${i}`, ...(reason && { skipped: { reason } }) };
  });
  const ofId = new Map(runs.map((run) => [run.runId, run]));
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  let reads = 0;
  const world = {
    retentionMs: 30 * 24 * HOUR,
    registry: { apps: async () => [{ manifest: { app: FN.app, functions: [{ id: FN.functionId }] } }] },
    runs: {
      async *idsOfDay(_: unknown, day: string) {
        yield* runs.filter(({ queuedAt }) => dayOf(queuedAt) === day).map(({ runId }) => runId);
      },
      header: async ({ runId }: { runId: string }) => {
        reads++;
        return ofId.get(runId);
      },
    },
  };
  return { world: world as unknown as World, reads: () => reads };
}

const counted = (reason: SkipReason, count: number) => ({ app: "shop", functionId: "welcome", reason, count });

describe("events that started no run are counted", () => {
  it("by reason, and not the runs between them", async () => {
    const { world } = worldOf(["rateLimit", undefined, "singleton", "rateLimit"]);
    const skips = [counted("rateLimit", 2), counted("singleton", 1)];
    expect(await countSkips(world, { env: "main" }, NOW)).toEqual({ skips, more: false });
  });

  it("of the last 24 hours, or from another time on, to the millisecond", async () => {
    const { world } = worldOf(Array(50).fill("idempotency"), HOUR);
    expect((await countSkips(world, { env: "main" }, NOW)).skips).toEqual([counted("idempotency", 25)]);
    const since = NOW - 2 * HOUR;
    expect((await countSkips(world, { env: "main", since }, NOW)).skips).toEqual([counted("idempotency", 3)]);
    expect((await countSkips(world, { env: "main", since: since + 1 }, NOW)).skips).toEqual([
      counted("idempotency", 2),
    ]);
  });

  it("the latest first, and no more of them than there may be: it says so", async () => {
    const many = worldOf(Array(SKIPS_LOOKED_AT_MAX + 1).fill("rateLimit"), 1);
    const skips = [counted("rateLimit", SKIPS_LOOKED_AT_MAX)];
    expect(await countSkips(many.world, { env: "main" }, NOW)).toEqual({ skips, more: true });
    expect(many.reads()).toBe(SKIPS_LOOKED_AT_MAX);
    const enough = worldOf(Array(SKIPS_LOOKED_AT_MAX).fill("rateLimit"), 1);
    expect(await countSkips(enough.world, { env: "main" }, NOW)).toEqual({ skips, more: false });
  });
});
