import { afterEach, describe, expect, it } from "vitest";
import { createClients } from "../../lambdas/aws/clients.ts";
import { createWorld } from "../../lambdas/aws/index.ts";
import { oneByOne } from "../../lambdas/aws/one-by-one.ts";
import type { RouterDeps } from "../../lambdas/router/deps.ts";
import { routeEvent } from "../../lambdas/router/route-event.ts";
import type { FlowManifest } from "../../sdk/protocol/index.ts";
import { openStage, type Stage } from "./harness.ts";
import { one, withFlow } from "./scenarios.ts";

const DAY_MS = 86_400_000;
const EVENTS = 24;

let stage: Stage;
afterEach(() => stage.cloud.close());

/** Events that come at once to several routers, which share the table and nothing else. */
async function race(flow: FlowManifest, routers: number) {
  stage = await openStage({
    name: "race",
    functions: withFlow(
      flow,
      one(async ({ events }) => events.map(({ id }) => id)),
    ),
  });
  const { aws, provisioned, notebook, doors } = stage;
  const now = aws.clock.now();
  const around = { clock: aws.clock, log: notebook.silence, nonce: () => aws.random.uuid() };
  const processes: readonly RouterDeps[] = Array.from({ length: routers }, () => ({
    ...around,
    world: createWorld(createClients(aws.clientConfig()), provisioned.binding, aws.clock),
    inTurn: oneByOne(),
  }));
  const queue = provisioned.binding.runQueueUrl;
  await Promise.all(
    Array.from({ length: EVENTS }, async (_, n) => {
      const deps = processes[n % routers] as RouterDeps;
      const event = { v: 1, env: "main", id: `e${n}`, name: "laws/start", ts: now + n, at: now, hops: 0 } as const;
      const data = { json: JSON.stringify({ id: n }) };
      const { send } = await routeEvent(deps, { ...event, data });
      for (const { message } of send) await doors.world.queue.sendToRun(queue, message);
    }),
  );
  await stage.pass(2 * DAY_MS);
  const { runs } = await doors.api.list({ env: "main", app: "laws", limit: 100, status: "completed" });
  const views = await Promise.all(
    runs.map(({ id }) => doors.api.run({ env: "main", app: "laws", functionId: "main", runId: id })),
  );
  return views.map((view) => view?.output as string[]);
}

const all = Array.from({ length: EVENTS }, (_, n) => `e${n}`).toSorted();

describe("events that come at once to three routers", () => {
  it.each([1, 5])("are in exactly one batch each, of %s at most", async (maxSize) => {
    const batches = await race({ batchEvents: { maxSize, timeoutMs: 60_000 } }, 3);
    expect(batches.flat().toSorted()).toEqual(all);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(maxSize);
    expect(batches).toHaveLength(Math.ceil(EVENTS / maxSize));
  });

  it("are one debounce, of the latest", async () => {
    expect(await race({ debounce: { periodMs: 60_000 } }, 3)).toEqual([[`e${EVENTS - 1}`]]);
  });
});
