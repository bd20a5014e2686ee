/** A small world in which all laws hold, made by hand. */
import type { Item, QueuedMessage, Snapshot } from "../../audit/index.ts";
import { bucketRunId } from "../../lambdas/engine/bucket.ts";
import { gateIdOf, limitOf } from "../../lambdas/engine/flow-keys.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { operationKey } from "../../sdk/execution/keys.ts";
import type { ConcurrencyLimit, FlowManifest, GateRef } from "../../sdk/protocol/index.ts";

export const NOW = Date.UTC(2027, 0, 1, 12);
export const HOUR = 3_600_000;
const T0 = NOW - HOUR;
const VERSION = "v1";

const LIMIT: ConcurrencyLimit = { limit: 1, scope: "fn" };
const FLOWS: Readonly<Record<string, FlowManifest>> = {
  nap: {},
  pay: {},
  render: { concurrency: [LIMIT] },
  collect: { batchEvents: { maxSize: 10, timeoutMs: HOUR } },
  only: { singleton: { mode: "skip" } },
  order: { cancelOn: [{ event: "shop/cancel" }] },
};

export const gate: GateRef = {
  scope: "fn",
  of: limitOf(LIMIT),
  id: gateIdOf({ app: "shop", functionId: "render" }, LIMIT, undefined),
};
export const SLOTS = `main#shop#slots#${gate.id}`;
const BACKLOG = `main#shop#backlog#${gate.id.charCodeAt(0) % 4}`;

const registry: Item = {
  pk: "main#$#registry",
  sk: "app#shop",
  app: JSON.stringify({
    ...{ v: 1, env: "main", hash: "h", queueUrl: "https://sqs/1/stepwell-runs-main-shop", queueArn: "a" },
    ...{ codeVersion: VERSION, queues: true },
    manifest: { v: 1, app: "shop", functions: Object.entries(FLOWS).map(([id, flow]) => ({ id, triggers: [], flow })) },
  }),
};

export const idOf = (functionId: string, event: string, at = T0) => runIdOf({ app: "shop", functionId }, event, at);
export const pkOf = (runId: string) => `main#shop#run#${runId}`;

const event = (id: string): Item => ({ pk: `main#$#event#${id}`, sk: "event", id, at: T0, name: "shop/go" });

/** A run with its event. */
function run(functionId: string, eventId: string, fields: object): readonly Item[] {
  const runId = idOf(functionId, eventId);
  const header = {
    ...{ v: 1, env: "main", app: "shop", functionId, runId, eventId, queuedAt: T0, startedAt: T0 },
    ...{ status: "active", fence: 1, wakeSeq: 0, attempts: 0, codeVersion: VERSION },
  };
  return [{ pk: pkOf(runId), sk: "header", ...header, ...fields }, event(eventId)];
}

function step(runId: string, id: string, fields: object): Item {
  const key = operationKey(id);
  return { pk: pkOf(runId), sk: `step#${key}`, v: 1, key, id, fence: 1, attempts: 0, startedAt: T0, ...fields };
}

const parkedUntil = (doing: string, due: number, results: number) => ({
  ...{ parked: doing, armed: 1, results, gsi2pk: "due#0", gsi2sk: `${new Date(due).toISOString()}#x` },
});

export const napper = idOf("nap", "e-nap");
export const payer = idOf("pay", "e-pay");
export const worker = idOf("render", "e-work");
export const spread = idOf("nap", "e-spread");
export const queued = idOf("render", "e-next");
export const only = idOf("only", "e-only");
export const ended = idOf("order", "e-done");
export const ordered = idOf("order", "e-order");

const WAIT = operationKey("paid");
export const LISTENER = "main#shop#listener#shop/paid#hash";
export const LOCK = "main#shop#lock#only-hash";
const order = (eventId: string) => `${String(T0).padStart(15, "0")}#${eventId}`;

const bucketEvent = { id: "e-batch", at: T0, ts: T0 };
const opened = { kind: "batch", first: bucketEvent, firstAt: T0, lastAt: T0, until: NOW + HOUR } as const;
export const bucketRun = bucketRunId({ app: "shop", functionId: "collect" }, "b", 0, opened as never);
export const BUCKET = "main#shop#bucket#collect#b";

const items: readonly Item[] = [
  registry,
  // Sleeps, until its schedule fires.
  ...run("nap", "e-nap", parkedUntil("sleeping", NOW + HOUR, 1)),
  step(napper, "rest", { kind: "sleep", until: NOW + HOUR }),
  // Waits for an event.
  ...run("pay", "e-pay", parkedUntil("waiting", NOW + HOUR, 1)),
  step(payer, "paid", {
    ...{ kind: "waitForEvent", until: NOW + HOUR },
    wait: JSON.stringify({ event: "shop/paid", listeners: [LISTENER], via: "stepFunctions" }),
  }),
  {
    ...{ pk: LISTENER, sk: `${payer}#${WAIT}`, env: "main", app: "shop", functionId: "pay", runId: payer },
    ...{ stepKey: WAIT, event: "shop/paid", since: T0, until: NOW + HOUR },
  },
  {
    pk: "main#$#paths#shop/paid",
    sk: "paths",
    paths: new Set([JSON.stringify({ app: "shop", paths: ["data.id"] })]),
  },
  // Rests while two steps run in invocations of their own.
  ...run("nap", "e-spread", parkedUntil("running", NOW + HOUR, 0)),
  ...["left", "right"].map((id) => step(spread, id, { kind: "run", owner: "me", leaseUntil: NOW + 5_000 })),
  { pk: pkOf(spread), sk: "join", v: 1, pending: new Set(["left", "right"].map(operationKey)), fence: 1, rev: 1 },
  // Executes on the one slot of its function, and another is in line.
  ...run("render", "e-work", {
    ...{ fence: 2, owner: "me", by: "start", leaseUntil: NOW + 5_000 },
    ...{ gates: JSON.stringify([gate]), order: order("e-work") },
  }),
  step(worker, "draw", { kind: "run", fence: 2, attempts: 1, outcome: "ok", data: "1", order: 1, endedAt: NOW }),
  { pk: SLOTS, sk: "shard#0", holders: { [worker]: { until: NOW + HOUR, fence: 2 } }, promised: {} },
  ...run("render", "e-next", {
    ...{ fence: 0, parked: "queued", gates: JSON.stringify([gate]), order: order("e-next") },
  }),
  {
    ...{ pk: BACKLOG, sk: `${gate.id}#${order("e-next")}#${queued}`, env: "main", app: "shop", functionId: "render" },
    ...{ runId: queued, gate: JSON.stringify(gate), order: order("e-next"), nonce: "n", limit: 1, since: T0 },
  },
  // Has a singleton's lock, and works.
  ...run("only", "e-only", { owner: "me", by: "start", leaseUntil: NOW + 5_000, singleton: "only-hash" }),
  { pk: LOCK, sk: "singleton", runId: only, at: T0 },
  // Has ended; and one that an event may cancel has not.
  ...run("order", "e-done", {
    ...{ status: "completed", endedAt: NOW - HOUR / 2, outcome: JSON.stringify({ ok: true, data: { json: "1" } }) },
  }),
  ...run("order", "e-order", { owner: "me", by: "start", leaseUntil: NOW + 5_000 }),
  {
    ...{ pk: "main#shop#listener#shop/cancel#*", sk: `${ordered}#cancel#0`, kind: "cancel", env: "main", app: "shop" },
    ...{ functionId: "order", runId: ordered, event: "shop/cancel", eventId: "e-order", since: T0, until: NOW + HOUR },
  },
  // A batch that is open, with one event in it.
  {
    ...{ pk: BUCKET, sk: "generation#0", rev: 1, ...opened, first: JSON.stringify(bucketEvent) },
    ...{ latest: JSON.stringify(bucketEvent), armedFor: NOW + HOUR, maxSize: 10 },
    events: JSON.stringify([["e-batch", T0, T0]]),
  },
  ...run("collect", "e-batch", { status: "skipped", bucket: JSON.stringify({ id: "b", generation: 0 }) }),
];

/** The messages that hold the leases. */
const inflight = (runId: string): QueuedMessage => ({
  queue: "stepwell-runs-main-shop",
  state: "inflight",
  body: JSON.stringify({ v: 1, id: "start", kind: "start", runId }),
});

/** Of steps in invocations of their own. */
const apart = (id: string): QueuedMessage => ({
  ...inflight(spread),
  body: JSON.stringify({ v: 1, id: "step", kind: "step", runId: spread, stepKey: operationKey(id) }),
});

export const world: Snapshot = {
  now: NOW,
  items,
  messages: [...[worker, only, ordered].map(inflight), ...["left", "right"].map(apart)],
  schedules: [`${napper}-${operationKey("rest")}-0`, `${bucketRun}-flush-x`, "cron-shop-nightly"],
  executions: [`${payer}-${WAIT}-0`],
};

/** The same where SQS tells only how many there are. */
export const counted = ({ messages: _, ...snapshot }: Snapshot, busy = 0, delayed = 0): Snapshot => ({
  ...snapshot,
  counts: { router: { busy, delayed }, apps: { "main/shop": { busy, delayed } } },
});

type Change = (item: Item) => object | undefined;

/** A world in which the items at a key are changed, or (undefined) gone. */
export function change(snapshot: Snapshot, pk: string, sk: string, become: Change): Snapshot {
  const items = snapshot.items.flatMap((item) => {
    if (item.pk !== pk || !item.sk.startsWith(sk)) return [item];
    const changed = become(item);
    return changed === undefined ? [] : [{ ...item, ...changed }];
  });
  return { ...snapshot, items };
}

export const gone: Change = () => undefined;
export const header = (runId: string, fields: object) => (snapshot: Snapshot) =>
  change(snapshot, pkOf(runId), "header", () => fields);
export const steps = (runId: string, fields: object) => (snapshot: Snapshot) =>
  change(snapshot, pkOf(runId), "step#", () => fields);
export const without = (pk: string, sk: string) => (snapshot: Snapshot) => change(snapshot, pk, sk, gone);
export const withItem =
  (item: Item) =>
  (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    items: [...snapshot.items, item],
  });
export const { pk: EVENT_OF_NAP } = event("e-nap");
export { BACKLOG, run, step, WAIT };
