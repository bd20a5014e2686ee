import { Stepwell } from "stepwell";
import { type LocalCloud, startLocal } from "stepwell/local";
import { afterEach, describe, expect, it } from "vitest";
import { difference, type Usage } from "../../local/meter.ts";
import type { FlowManifest } from "../../sdk/protocol/index.ts";

const client = new Stepwell({ id: "counted" });
const MINUTE = 60_000;

let cloud: LocalCloud | undefined;
afterEach(() => cloud?.close());

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const KEY = "event.data.key";

/** What the last of these events uses, to the end of its run. By its key; the functions known and the clients open already. */
async function usageOf(flow: FlowManifest | undefined, keys: readonly string[]): Promise<Usage & { status: string }> {
  const fn = client.createFunction({ id: "one" }, { event: "counted/one" }, ({ step }) => step.run("only", () => 1));
  if (flow !== undefined) Object.assign(fn.manifest, { flow });
  cloud = await startLocal({ client, functions: [fn], clock: "virtual", logger: silent });
  // What registering entails is no part of it.
  await cloud.passTime("2m");
  let before = cloud.meter();
  let status = "";
  for (const key of keys) {
    before = cloud.meter();
    const { ids } = await cloud.send({ name: "counted/one", data: { key } });
    const [run] = await cloud.runsOf(ids[0]);
    status = (await cloud.waitForRun(run?.id ?? "")).status;
  }
  return { ...difference(before, cloud.meter()), status };
}

/** What an option adds to the calls, the write units and the read units of one run. */
async function addedBy(flow: FlowManifest, keys: readonly string[]) {
  const plain = await usageOf(undefined, ["a", "b"]);
  await cloud?.close();
  const { status, calls, writeUnits, readUnits } = await usageOf(flow, keys);
  const names = [...new Set([...Object.keys(calls), ...Object.keys(plain.calls)])];
  const more = names.map((name) => [name, (calls[name] ?? 0) - (plain.calls[name] ?? 0)] as const);
  return {
    status,
    calls: Object.fromEntries(more.filter(([, count]) => count !== 0)),
    writeUnits: writeUnits - plain.writeUnits,
    readUnits: readUnits - plain.readUnits,
  };
}

describe("what flow control adds to the cost of a run: two write units at most", () => {
  it("rateLimit, let through: its item is read and written", async () => {
    const rateLimit = { limit: 1, periodMs: MINUTE, key: KEY };
    expect(await addedBy({ rateLimit }, ["a", "b"])).toEqual({
      status: "completed",
      calls: { "dynamodb.GetItem": 1, "dynamodb.PutItem": 1 },
      writeUnits: 1,
      readUnits: 1,
    });
  });

  it("the runs that are remembered for redeliveries do not make the item dearer, however many have gone before", async () => {
    const rateLimit = { limit: 100, periodMs: MINUTE, key: KEY };
    const keys = Array.from({ length: 40 }, () => "a");
    expect(await addedBy({ rateLimit }, keys)).toMatchObject({ status: "completed", writeUnits: 1, readUnits: 1 });
  });

  it("throttle, started at once: the end of its queue is read, and its place written", async () => {
    const throttle = { limit: 1, periodMs: MINUTE, burst: 0, key: KEY };
    expect(await addedBy({ throttle }, ["a", "b"])).toEqual({
      status: "completed",
      calls: { "dynamodb.Query": 1, "dynamodb.PutItem": 1 },
      writeUnits: 1,
      readUnits: 1,
    });
  });

  it("throttle, started later: the run is created then, and leased without the index; its place is read twice more", async () => {
    const throttle = { limit: 1, periodMs: 10_000, burst: 0, key: KEY };
    expect(await addedBy({ throttle }, ["a", "a"])).toMatchObject({
      status: "completed",
      calls: { "dynamodb.Query": 2, "dynamodb.PutItem": 1, "dynamodb.UpdateItem": 1, "dynamodb.GetItem": 1 },
      writeUnits: 2,
    });
  });

  it("throttle, behind a long queue: the runs that are read with its end make no read dearer", async () => {
    const throttle = { limit: 1, periodMs: MINUTE, burst: 100, key: KEY };
    const keys = Array.from({ length: 30 }, () => "a");
    expect(await addedBy({ throttle }, keys)).toMatchObject({
      status: "completed",
      // And the run itself, which might be an old one that is delivered again.
      calls: { "dynamodb.Query": 1, "dynamodb.PutItem": 1, "dynamodb.GetItem": 1 },
      writeUnits: 1,
    });
  });

  it("idempotency: the key's item is read and written", async () => {
    expect(await addedBy({ idempotency: KEY }, ["a", "b"])).toEqual({
      status: "completed",
      calls: { "dynamodb.GetItem": 1, "dynamodb.PutItem": 1 },
      writeUnits: 1,
      readUnits: 1,
    });
  });

  it.each(["skip", "cancel"] as const)(
    "singleton, mode %s: the lock is read, with the run, written, and given back at the end",
    async (mode) => {
      expect(await addedBy({ singleton: { mode, key: KEY } }, ["a", "a"])).toEqual({
        status: "completed",
        calls: { "dynamodb.GetItem": 2, "dynamodb.PutItem": 1, "dynamodb.DeleteItem": 1 },
        writeUnits: 2,
        readUnits: 2,
      });
    },
  );
});

describe("an event that starts no run costs less than one that does: its record, and no more writes", () => {
  it.each<[string, FlowManifest]>([
    ["rateLimit", { rateLimit: { limit: 1, periodMs: MINUTE, key: KEY } }],
    ["idempotency", { idempotency: KEY }],
  ])("%s", async (_, flow) => {
    // Without: the lease, a step and the finish, which are four.
    expect(await addedBy(flow, ["a", "a"])).toMatchObject({ status: "skipped", writeUnits: 2 - 4 });
  });
});
