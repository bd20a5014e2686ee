import { describe, expect, it } from "vitest";
import { lookWhy } from "../../lambdas/api/look-why.ts";
import type { World } from "../../lambdas/aws/index.ts";
import { limitOf } from "../../lambdas/engine/flow-keys.ts";
import type { RunHeader } from "../../lambdas/engine/types.ts";
import type { ConcurrencyLimit, FlowManifest } from "../../sdk/protocol/index.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const GPU: ConcurrencyLimit = { limit: 2, scope: "env", key: '"gpu"' };
const GATE = { scope: "env", of: limitOf(GPU), id: "gate", key: "gpu" } as const;

const header = (more: Partial<RunHeader> = {}): RunHeader => ({
  ...{ v: 1, runId: "01MB8HY0G04P9P0SS1ZBMDDKY5", env: "main", app: "shop", functionId: "render", status: "active" },
  ...{ fence: 0, wakeSeq: 0, eventId: "e1", queuedAt: NOW, attempts: 0, parked: "queued" },
  gates: [GATE],
  order: "1#e1",
  ...more,
});

/** A world where the run is third in line, and runs of three apps hold slots, one of them of another environment. */
function worldOf(flow: FlowManifest, ahead: number | undefined = 2): World {
  const registered = ["shop", "crm"].map((app) => ({
    env: "main",
    manifest: { app, functions: [{ id: "render", flow }] },
  }));
  const others = [header({ runId: "R1" }), header({ runId: "R2", app: "crm", functionId: "import" })];
  const slot = { until: NOW + 1, fence: 1 };
  return {
    registry: { apps: async () => registered },
    lines: { ahead: async () => ahead },
    gates: {
      read: async () => ({ shards: new Map([[0, { holders: { R1: slot, R2: slot, R3: slot }, promised: {} }]]) }),
    },
    runs: {
      header: async ({ app, runId }: RunHeader) => others.find((one) => one.app === app && one.runId === runId),
    },
    events: { get: async () => ({ id: "e1", name: "go", at: NOW, ts: NOW, data: { json: '{"user":"ann"}' } }) },
    payloads: { load: async ({ json }: { json: string }) => JSON.parse(json) },
  } as unknown as World;
}

const why = (world: World, run: RunHeader) => lookWhy(world, run, new Map(), NOW);

describe("why a queued run is not executing", () => {
  it("names the holders by app and function, as far as they are of its environment", async () => {
    expect(await why(worldOf({ concurrency: [{ ...GPU, limit: 3 }] }), header())).toMatchObject({
      ...{ kind: "concurrency", limit: 3, place: 3, held: 3 },
      holders: [
        { runId: "R1", app: "shop", functionId: "render" },
        { runId: "R2", app: "crm", functionId: "import" },
        { runId: "R3" },
      ],
    });
  });

  it("is not told by a limit that its function has no more, nor by a line in which it does not stand", async () => {
    expect(await why(worldOf({}), header())).toBeUndefined();
    const { lines, ...world } = worldOf({ concurrency: [GPU] });
    const nowhere = { ...world, lines: { ...lines, ahead: async () => undefined } } as unknown as World;
    expect(await why(nowhere, header())).toBeUndefined();
  });

  it.each([
    ["it is held", { owner: "me" }],
    ["it has ended", { status: "completed" }],
    ["it is cancelled: its turn is next", { cancel: { by: "request" } }],
  ] as const)("is not told when %s", async (_, more) => {
    expect(await why(worldOf({ concurrency: [GPU] }), header(more))).toBeUndefined();
  });

  it.each<[string, FlowManifest, object]>([
    [
      "with its throttle, as it is today",
      { throttle: { limit: 3, periodMs: 1_000, burst: 0, key: "event.data.user" } },
      { key: "ann", limit: 3, periodMs: 1_000 },
    ],
    ["without a key", { throttle: { limit: 3, periodMs: 1_000, burst: 0 } }, { limit: 3, periodMs: 1_000 }],
    ["by its reserved start alone, when the function is not throttled any more", {}, {}],
  ])("%s", async (_, flow, expected) => {
    const { gates, order, ...unlimited } = header({ reserved: "hash#000000000002" });
    const reserving = (startsAt: number) =>
      Object.assign(worldOf(flow), { places: { get: async () => ({ startsAt }) } });
    const world = reserving(NOW + 1);
    expect(await why(world, unlimited)).toEqual({ kind: "throttle", startsAt: NOW + 1, ...expected });
    expect(await why(reserving(NOW), unlimited)).toBeUndefined();
    expect(await why(world, { ...unlimited, startedAt: NOW - 1 })).toBeUndefined();
  });
});
