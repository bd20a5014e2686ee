/** Concurrency gates over the table as DynamoDB has it: what was seen to be open is open, whatever lies about in the shard. */
import type { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClients } from "../../lambdas/aws/clients.ts";
import { createGateStore } from "../../lambdas/aws/gate-store.ts";
import { leaveGate } from "../../lambdas/aws/hand-over.ts";
import { createLineStore } from "../../lambdas/aws/line-store.ts";
import { Table } from "../../lambdas/aws/table.ts";
import { type Entry, entryFor, type Handover, type Opening } from "../../lambdas/engine/gate.ts";
import { createLocalAws, type LocalAws } from "../../local/aws.ts";
import { virtualClock } from "../../local/clock.ts";
import type { GateRef, RunMessage } from "../../sdk/protocol/index.ts";
import { createTable, TABLE_NAME } from "../local/table.ts";

const NOW = Date.UTC(2027, 0, 1);
const app = { env: "main", app: "shop" };
/** DynamoDB takes no longer expressions, in characters. */
const EXPRESSION_CHARS_MAX = 4_096;

let aws: LocalAws;
let client: DynamoDBClient;
let table: Table;
/** The longest expression of any write so far. */
let longest = 0;

beforeAll(async () => {
  aws = await createLocalAws({ clock: virtualClock(NOW), log: () => {} });
  client = createClients(aws.clientConfig()).dynamodb;
  client.middlewareStack.add(
    (next) => (args) => {
      const { UpdateExpression = "", ConditionExpression = "" } = args.input as UpdateItemCommand["input"];
      longest = Math.max(longest, UpdateExpression.length, ConditionExpression.length);
      return next(args);
    },
    { step: "initialize" },
  );
  await createTable(client);
  table = new Table(() => client, TABLE_NAME);
});
afterAll(() => aws.close());

let count = 0;
/** A gate that no other test has. */
const newGate = (): GateRef => ({ scope: "fn", of: "limit", id: `gate${count++}` });
const runId = (name: string | number) => `01JGG${String(name).toUpperCase().padStart(21, "0")}`;
const openingOf = (entry: Entry): Opening => {
  if (entry.kind === "full") throw new Error("The gate is full.");
  return entry;
};

/** Promises a slot of shard 0 to some runs. */
async function promise(gate: GateRef, runIds: readonly string[], by: string, until: number): Promise<void> {
  const gates = createGateStore(table);
  for (let i = 0; i < runIds.length; i += 8) {
    const isUnused = (await gates.read(app, gate)).shards.size === 0;
    const to = runIds
      .slice(i, i + 8)
      .map((id): Handover => ({ runId: id, shard: 0, ...(isUnused && { unused: true }) }));
    await gates.promise(app, gate, 0, to, { until, by });
  }
}

async function enter(gate: GateRef, me: string, limit: number, now = NOW) {
  const gates = createGateStore(table);
  const state = await gates.read(app, gate);
  const opening = openingOf(entryFor(state, { runId: me, limit, behind: false, now }));
  return gates.take(app, gate, { runId: me, slot: { until: now + 60_000, fence: 1 }, opening });
}

describe("a run that finds a gate open", () => {
  it("enters though it was promised a slot before, and too long ago", async () => {
    const gate = newGate();
    await promise(gate, [runId("me"), runId("other")], "leaver", NOW);
    expect(await enter(gate, runId("me"), 1)).toMatchObject({
      holders: { [runId("me")]: { fence: 1 } },
      promised: {},
    });
  });

  it("enters where another has died, and where another never came", async () => {
    const gate = newGate();
    await enter(gate, runId("dead"), 1, NOW - 60_000);
    await promise(gate, [runId("late")], "leaver", NOW);
    const shard = await enter(gate, runId("me"), 1);
    expect(Object.keys(shard?.holders ?? {})).toEqual([runId("me")]);
  });

  it("looks again when the promise that had lapsed is given anew meanwhile", async () => {
    const gates = createGateStore(table);
    const gate = newGate();
    await promise(gate, [runId("late")], "leaver", NOW);
    const state = await gates.read(app, gate);
    const opening = openingOf(entryFor(state, { runId: runId("me"), limit: 1, behind: false, now: NOW }));
    const to = [{ runId: runId("late"), shard: 0, lapsed: true }] as const;
    await gates.promise(app, gate, 0, to, { until: NOW + 30_000, by: "other" });
    const slot = { until: NOW + 60_000, fence: 1 };
    expect(await gates.take(app, gate, { runId: runId("me"), slot, opening })).toBeUndefined();
  });

  it("enters however many promises have lapsed, and takes some of them away", async () => {
    const gates = createGateStore(table);
    const gate = newGate();
    const late = Array.from({ length: 300 }, (_, i) => runId(i));
    await promise(gate, late, "sweeper", NOW);
    longest = 0;
    const opening = openingOf(
      entryFor(await gates.read(app, gate), { runId: runId("me"), limit: 2, behind: false, now: NOW }),
    );
    expect(await gates.offer(app, gate, runId("me"), opening, { until: NOW + 30_000, by: runId("me") })).toBe(true);
    const shard = await enter(gate, runId("you"), 2);
    expect(Object.keys(shard?.promised ?? {}).length).toBeLessThan(late.length);
    expect(shard?.promised).toHaveProperty(runId("me"));
    expect(longest).toBeLessThan(EXPRESSION_CHARS_MAX);
  });
});

it("a run that leaves while an old entry of its own is in line hands on to the one behind it", async () => {
  const [gates, lines, gate, me, next] = [
    createGateStore(table),
    createLineStore(table),
    newGate(),
    runId("me"),
    runId("next"),
  ];
  await enter(gate, me, 1);
  for (const id of [me, next]) {
    const entry = {
      ...app,
      functionId: "f",
      runId: id,
      gate,
      order: id === me ? "1" : "2",
      nonce: id,
      limit: 1,
      since: NOW,
    };
    await lines.enqueue(entry);
  }
  const sent: RunMessage[] = [];
  const send = async (_: unknown, message: RunMessage) => void sent.push(message);
  const handOver = { app, gate, by: me, now: () => NOW, limitOf: () => 1, send };
  await leaveGate({ gates, lines }, handOver, { runId: me, fence: 1, shard: 0, crowded: true });
  expect(sent).toMatchObject([{ runId: next, turn: true, slots: { [gate.id]: 0 } }]);
  expect((await gates.read(app, gate)).shards.get(0)).toMatchObject({ holders: {}, promised: { [next]: { by: me } } });
});
