import { describe, expect, it } from "vitest";
import { difference, type Usage } from "../../local/meter.ts";
import { type FlowStage, ids, openFlow, worker } from "../scenarios/flow/stage.ts";

/** Runs take a second, so that they are shorter than the first heartbeat. */
const TAKES_MS = 1_000;
const MINUTE_MS = 60_000;
const LIMITED = { concurrency: { limit: 1, key: "event.data.user" } };

const open = (options: object) => openFlow((app) => [worker(app, "work", options, TAKES_MS)]);

async function usedBy(stage: FlowStage, act: () => Promise<void>): Promise<Usage> {
  const before = stage.aws.meter.snapshot();
  await act();
  return difference(before, stage.aws.meter.snapshot());
}

/** What so many runs of one key use that arrive together: one executes, and the others are queued behind it. */
async function usageOf(options: object, runs: number): Promise<Usage> {
  const stage = await open(options);
  const used = await usedBy(stage, async () => {
    await stage.go("work", ids(runs), { user: "ann" });
    await stage.pass(runs * MINUTE_MS);
  });
  expect(stage.watch.began).toEqual(ids(runs));
  return used;
}

/** Calls that one has made more often than the other. */
function more(one: Usage, other: Usage): Readonly<Record<string, number>> {
  const { calls } = difference(other, one);
  return Object.fromEntries(Object.entries(calls).filter(([, count]) => count !== 0));
}

describe("what a concurrency limit costs", () => {
  it("a run that finds a free slot: at most 3 write units more than without the limit", async () => {
    const [plain, limited] = [await usageOf({}, 1), await usageOf(LIMITED, 1)];
    expect(limited.writeUnits - plain.writeUnits).toBeLessThanOrEqual(3);
    expect(more(limited, plain)).toEqual({
      // The slots and the line, when the event is routed; the line before and after the slot is given up.
      "dynamodb.Query": 4,
      // The slot: promised, taken and given up.
      "dynamodb.UpdateItem": 3,
    });
  });

  it("a run that is queued behind one other: at most 5 more", async () => {
    const [one, two] = [await usageOf(LIMITED, 1), await usageOf(LIMITED, 2)];
    const plain = await usageOf({}, 1);
    const queued = difference(one, two);
    expect(queued.writeUnits - plain.writeUnits).toBeLessThanOrEqual(5);
    expect(more(queued, plain)).toEqual({
      "dynamodb.Query": 4,
      // The run's place in line.
      "dynamodb.PutItem": 1,
      // The run's header, written by the router: the lease does not create the run any more. The slot: taken and given up. The promise is in
      // the write by which the one before gave it up.
      "dynamodb.UpdateItem": 3,
      "dynamodb.DeleteItem": 1,
      // The event: a turn carries no data.
      "dynamodb.GetItem": 1,
    });
  });

  it("thirty runs that are queued: at most 5 more each", async () => {
    const [one, many] = [await usageOf(LIMITED, 1), await usageOf(LIMITED, 31)];
    const plain = await usageOf({}, 1);
    const queued = difference(one, many).writeUnits / 30;
    expect(queued - plain.writeUnits).toBeLessThanOrEqual(5);
  });

  it("a run whose key is switched off: nothing more", async () => {
    const usageOfOne = async (options: object) => {
      const stage = await open(options);
      return usedBy(stage, async () => {
        await stage.go("work", ids(1), { user: false });
        await stage.pass(MINUTE_MS);
      });
    };
    const [plain, off] = [await usageOfOne({}), await usageOfOne(LIMITED)];
    expect(off.writeUnits).toBe(plain.writeUnits);
    expect(off.calls).toEqual(plain.calls);
  });
});
