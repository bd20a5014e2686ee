import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listRuns } from "../../lambdas/api/list-runs.ts";
import type { World } from "../../lambdas/aws/index.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { RUNS_LOOKED_AT_MAX } from "../../sdk/protocol/index.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-21T12:00:00Z");

interface Run {
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
  readonly queuedAt: number;
  readonly status: "completed" | "failed";
}

const runOf = (app: string, functionId: string, age: number, status: Run["status"] = "completed"): Run => {
  const queuedAt = NOW - age;
  return { app, functionId, queuedAt, status, runId: runIdOf({ app, functionId }, `${age}`, queuedAt) };
};

/** A world that has these runs, and counts what is read of it. */
function worldOf(runs: readonly Run[], retentionDays = 30) {
  const reads = { headers: 0, days: new Set<string>() };
  const apps = [...Map.groupBy(runs, ({ app }) => app)].map(([app, some]) => ({
    manifest: { app, functions: [...new Set(some.map(({ functionId }) => functionId))].map((id) => ({ id })) },
  }));
  const dayOf = ({ queuedAt }: Run) => new Date(queuedAt).toISOString().slice(0, 10);
  const world = {
    retentionMs: retentionDays * DAY,
    registry: { apps: async () => apps },
    runs: {
      async *idsOfDay({ app, functionId }: Run, day: string, below: string) {
        reads.days.add(day);
        const some = runs.filter((run) => run.app === app && run.functionId === functionId && dayOf(run) === day);
        const ids = some.map(({ runId }) => runId).filter((id) => id < below);
        yield* ids.sort().reverse();
      },
      header: async ({ runId }: Run) => {
        reads.headers++;
        const run = runs.find((one) => one.runId === runId);
        return run && { ...run, attempts: 0, eventId: "e" };
      },
    },
  };
  return { world: world as unknown as World, reads };
}

const idsOf = (runs: readonly { readonly runId: string }[]) =>
  runs
    .map(({ runId }) => runId)
    .sort()
    .reverse();

describe("a list of runs", () => {
  it("has the runs of all apps, functions and days once, in order, whatever the size of its pages", async () => {
    const apps = fc.constantFrom("a", "b");
    const functions = fc.constantFrom("f", "g", "h");
    const runs = fc
      .array(fc.tuple(apps, functions, fc.integer({ min: 0, max: 20 * DAY })), { maxLength: 40 })
      .map((all) => [...new Map(all.map((of) => [of.join(), runOf(...of)])).values()]);
    await fc.assert(
      fc.asyncProperty(runs, fc.integer({ min: 1, max: 7 }), async (all, limit) => {
        const { world } = worldOf(all);
        const listed: string[] = [];
        for (let before: string | undefined, more = true; more; more = before !== undefined) {
          const page = await listRuns(world, { env: "main", limit, before }, NOW);
          listed.push(...page.runs.map(({ id }) => id));
          before = page.next;
        }
        expect(listed).toEqual(idsOf(all));
      }),
    );
  });

  it("reads no more headers than it lists, and no day that it does not need", async () => {
    const all = Array.from({ length: 50 }, (_, i) => runOf("a", "f", i * DAY * 0.5));
    const { world, reads } = worldOf(all);
    await listRuns(world, { env: "main", limit: 4 }, NOW);
    expect(reads).toEqual({ headers: 4, days: new Set(["2026-11-21", "2026-11-20"]) });
  });

  it("gives up after a while when hardly any run has the status, and says where to go on", async () => {
    const all = Array.from({ length: RUNS_LOOKED_AT_MAX + 100 }, (_, i) => runOf("a", "f", i * 1_000));
    const rare = runOf("a", "f", (RUNS_LOOKED_AT_MAX + 200) * 1_000, "failed");
    const { world, reads } = worldOf([...all, rare]);
    const page = await listRuns(world, { env: "main", status: "failed" }, NOW);
    expect({ runs: page.runs, headers: reads.headers }).toEqual({ runs: [], headers: RUNS_LOOKED_AT_MAX });
    const next = await listRuns(world, { env: "main", status: "failed", before: page.next }, NOW);
    expect(next.runs.map(({ id }) => id)).toEqual([rare.runId]);
  });

  it("looks back as far as runs are kept, and never further than 400 days", async () => {
    const { world, reads } = worldOf([runOf("a", "f", 0)], 7);
    await listRuns(world, { env: "main" }, NOW);
    expect(reads.days.size).toBe(8);
    await listRuns(world, { env: "main", since: 0 }, NOW);
    expect(reads.days.size).toBe(401);
  });
});
