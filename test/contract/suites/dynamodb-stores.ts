import { expect } from "vitest";
import { createGateStore, type Taking } from "../../../lambdas/aws/gate-store.ts";
import { DUE_SHARDS } from "../../../lambdas/aws/keys.ts";
import { createListenerStore } from "../../../lambdas/aws/listener-store.ts";
import { createLockStore } from "../../../lambdas/aws/lock-store.ts";
import { RunStore } from "../../../lambdas/aws/run-store.ts";
import { createStepStore } from "../../../lambdas/aws/step-store.ts";
import type { Opening } from "../../../lambdas/engine/gate.ts";
import { engineTable } from "../resources.ts";
import type { Promised, World } from "../target.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const runId = (n: number) => `01JGG${String(n).padStart(21, "0")}`;

/** A gate with one shard, that of another is `unused`. */
async function openGate(world: World) {
  const gates = createGateStore(await engineTable(world));
  const app = { env: world.unique("env"), app: "shop" };
  const gate = { scope: "fn", of: "limit", id: "gate" } as const;
  const opening = (more: Partial<Opening> = {}): Opening => ({
    kind: "room",
    shard: 0,
    as: "new",
    unused: false,
    share: 2,
    held: 0,
    promises: 0,
    reserved: 0,
    dead: { holders: {}, promised: {} },
    ...more,
  });
  const taking = (n: number, more: Partial<Opening> = {}, fence = 1): Taking => ({
    runId: runId(n),
    slot: { until: NOW, fence },
    opening: opening(more),
  });
  const take = async (n: number, more?: Partial<Opening>, fence?: number) =>
    (await gates.take(app, gate, taking(n, more, fence))) !== undefined;
  const shard = async () => {
    const { holders = {}, promised = {} } = (await gates.read(app, gate)).shards.get(0) ?? {};
    return { held: Object.keys(holders).sort(), promised: Object.keys(promised).sort() };
  };
  return { gates, app, gate, opening, take, shard };
}

async function openRun(world: World) {
  const table = await engineTable(world);
  const run = { env: world.unique("env"), app: "shop", functionId: "order", runId: runId(1) };
  const runs = new RunStore(table, 30 * DAY_MS);
  const steps = createStepStore(table, 30 * DAY_MS);
  const lease = (owner: string, now: number, born = false) =>
    runs.lease(
      run,
      { owner, by: `message-${owner}`, now, until: now + 10_000, codeVersion: "1" },
      born ? { eventId: "e", start: { kind: "start", event: { ref: "e" }, queuedAt: NOW, emits: [] } } : undefined,
    );
  return { run, runs, steps, lease };
}

/** The engine's own writes, by its own adapters: gates, runs, steps. */
export function dynamodbStores(promised: Promised): void {
  promised("a gate lets in as many as it has slots, and renews the slot of who is in", async (world) => {
    const { take, shard } = await openGate(world);
    expect([await take(1, { unused: true }), await take(2, { unused: true })]).toEqual([true, false]);
    expect([await take(2), await take(3)]).toEqual([true, false]);
    expect([await take(2, { as: "own" }, 2), await take(2, { as: "own" }, 1)]).toEqual([true, false]);
    expect(await shard()).toEqual({ held: [runId(1), runId(2)], promised: [] });
  });

  promised("of racing newcomers no more enter than there are slots", async (world) => {
    const { take, shard } = await openGate(world);
    await take(0, { unused: true, share: 4 });
    const entered = await Promise.all(Array.from({ length: 12 }, (_, n) => take(n + 1, { share: 4 })));
    expect(entered.filter(Boolean)).toHaveLength(3);
    expect((await shard()).held).toHaveLength(4);
  });

  promised("who leaves promises the slot in the same write, and who was promised it enters", async (world) => {
    const { gates, app, gate, take, shard } = await openGate(world);
    await take(1, { unused: true, share: 1 });
    const promise = { until: NOW, by: "leaver" };
    const to = [{ runId: runId(2), shard: 0 }];
    const leave = (fence: number) => gates.leave(app, gate, { shard: 0, runId: runId(1), fence, to }, promise);
    expect(await leave(2)).toBeUndefined();
    expect(await leave(1)).toMatchObject({ holders: {}, promised: { [runId(2)]: promise } });
    expect(await take(3, { share: 1 })).toBe(false);
    expect(await take(3, { share: 1, as: "promised" })).toBe(false);
    expect(await take(2, { share: 1, as: "promised" })).toBe(true);
    expect(await shard()).toEqual({ held: [runId(2)], promised: [] });
  });

  promised("a promise is given once, renewed when it has lapsed, and taken back by whose it is", async (world) => {
    const { gates, app, gate, shard } = await openGate(world);
    const give = (n: number, by: string, more: object) =>
      gates.promise(app, gate, 0, [{ runId: runId(n), shard: 0, ...more }], { until: NOW, by });
    expect((await give(1, "a", { unused: true }))?.promised).toEqual({ [runId(1)]: { until: NOW, by: "a" } });
    expect((await give(1, "b", {}))?.promised).toEqual({ [runId(1)]: { until: NOW, by: "a" } });
    expect(await give(1, "b", { lapsed: true })).toBeUndefined();
    await gates.takeBack(app, gate, 0, [runId(1)], "b");
    expect((await shard()).promised).toEqual([runId(1)]);
    await gates.takeBack(app, gate, 0, [runId(1)], "a");
    expect((await shard()).promised).toEqual([]);
  });

  promised("a newcomer is offered a slot that is free, over those of the dead", async (world) => {
    const { gates, app, gate, opening, take, shard } = await openGate(world);
    await take(1, { unused: true });
    const dead = { holders: { [runId(1)]: { until: NOW, fence: 1 } }, promised: {} };
    const offer = (n: number, more: Partial<Opening>) =>
      gates.offer(app, gate, runId(n), opening(more), { until: NOW, by: "door" });
    expect(await offer(2, { dead: { ...dead, holders: { [runId(1)]: { until: NOW - 1, fence: 1 } } } })).toBe(false);
    expect(await offer(2, { dead })).toBe(true);
    expect(await offer(2, {})).toBe(false);
    expect(await shard()).toEqual({ held: [], promised: [runId(2)] });
  });

  promised("a hold of a gate ends no earlier than it was said to", async (world) => {
    const { gates, app, gate } = await openGate(world);
    for (const until of [NOW + 2, NOW + 1]) await gates.hold(app, gate, until);
    expect((await gates.read(app, gate)).heldUntil).toBe(NOW + 2);
  });

  promised(
    "a run's first lease makes it, a live one keeps others out, one that is over is taken over",
    async (world) => {
      const { runs, run, lease } = await openRun(world);
      expect(await lease("a", NOW)).toBeUndefined();
      expect(await lease("a", NOW, true)).toMatchObject({ fence: 1, seen: 0, takeover: false });
      expect(await lease("b", NOW + 10_000)).toBeUndefined();
      expect(await lease("b", NOW + 10_001)).toMatchObject({ fence: 2, takeover: true });
      expect(await runs.renew(run, 1, NOW + 60_000)).toBeUndefined();
      expect(await runs.renew(run, 2, NOW + 60_000)).toMatchObject({ leaseUntil: NOW + 60_000 });
    },
  );

  promised("a wake that has not been seen keeps a run from resting and from ending", async (world) => {
    const { runs, run, lease } = await openRun(world);
    await lease("a", NOW, true);
    const rest = { fence: 1, armed: 1, attempts: 0, results: 0, parking: { doing: "waiting", due: NOW } } as const;
    const end = { status: "completed", endedAt: NOW, attempts: 0, tail: false } as const;
    expect(await runs.raise(run, 1, "wake", NOW)).toMatchObject({ wakeSeq: 1, guard: "wake" });
    expect(await runs.suspend(run, { ...rest, seen: 0 })).toBe(false);
    expect(await runs.finish(run, 1, 0, end)).toBe(false);
    expect(await runs.suspend(run, { ...rest, seen: 1 })).toBe(true);
    const isDue = async () => {
      for (let shard = 0; shard < DUE_SHARDS; shard++) {
        for await (const page of runs.due(shard, NOW + 1_000, 100)) {
          if (page.some(({ key }) => key.pk.startsWith(run.env))) return true;
        }
      }
      return undefined;
    };
    expect(await world.eventually(isDue)).toBe(true);
    expect(await lease("b", NOW)).toMatchObject({ fence: 2, seen: 1, takeover: false });
    expect(await runs.finish(run, 2, 1, end)).toBe(true);
    expect(await lease("c", NOW + DAY_MS)).toBeUndefined();
    expect(await runs.header(run)).toMatchObject({ status: "completed", endedAt: NOW });
  });

  promised("a cancellation ahead of its run is filled in by the run's start", async (world) => {
    const { runs, run, lease } = await openRun(world);
    const cause = { by: "api", reason: "no" } as unknown as Parameters<RunStore["cancel"]>[1];
    expect(await runs.cancel(run, cause, NOW)).toBe("ahead");
    expect(await runs.header(run)).toBeUndefined();
    expect((await lease("a", NOW, true))?.header).toMatchObject({ eventId: "e", cancel: cause, wakeSeq: 1 });
  });

  promised("a step's first outcome stays, whoever comes later", async (world) => {
    const { run, steps } = await openRun(world);
    const step = {
      key: "k",
      id: "s",
      kind: "run",
      attempts: 1,
      fence: 1,
      order: 1,
      plannedAt: NOW,
      startedAt: NOW,
    } as unknown as Parameters<typeof steps.plan>[1];
    await steps.plan(run, step);
    const outcome = { ok: true, data: { json: "1" } } as const;
    expect(await steps.resolve(run, "none", { outcome, by: "x", at: NOW })).toBeUndefined();
    expect((await steps.resolve(run, "k", { outcome, by: "x", at: NOW }))?.memo.outcome).toEqual(outcome);
    const late = { ...step, outcome: { ok: true, data: { json: "2" } } } as typeof step;
    expect((await steps.checkpoint(run, late)).outcome).toEqual(outcome);
    expect([...(await steps.load(run)).keys()]).toEqual(["k"]);
  });

  promised("a lock changes hands as it was seen, and is given back by its owner", async (world) => {
    const locks = createLockStore(await engineTable(world));
    const key = { pk: world.unique("lock"), sk: "singleton" };
    const [first, second] = [
      { runId: "1", at: 1 },
      { runId: "2", at: 2 },
    ];
    expect([await locks.take(key, first, undefined), await locks.take(key, second, undefined)]).toEqual([true, false]);
    expect([await locks.take(key, second, first), await locks.take(key, first, first)]).toEqual([true, false]);
    await locks.release(key, "1");
    expect(await locks.get(key)).toEqual(second);
    await locks.release(key, "2");
    expect(await locks.get(key)).toBeUndefined();
  });

  promised("the paths that are listened on only become more", async (world) => {
    const env = world.unique("env");
    const table = await engineTable(world);
    const paths = [["data.a"], ["data.b"], ["data.a"]] as unknown as Parameters<
      ReturnType<typeof createListenerStore>["addPath"]
    >[2][];
    for (const path of paths) await createListenerStore(table).addPath(env, "e", path);
    expect(await createListenerStore(table).paths(env, "e")).toEqual([["data.a"], ["data.b"]]);
  });
}
