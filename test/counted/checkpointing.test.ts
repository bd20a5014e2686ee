import { Stepwell } from "stepwell";
import { startLocal } from "stepwell/local";
import { afterEach, describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";

const client = new Stepwell({ id: "checkpoints" });

/** Twenty steps with small results, and how they are written down. */
const twenty = (id: string, checkpointing: boolean | object) =>
  client.createFunction({ id, checkpointing }, { event: `counted/${id}` }, async ({ step }) => {
    let sum = 0;
    for (let i = 0; i < 20; i++) sum += await step.run("step", () => i);
    return sum;
  });

const functions = [
  twenty("each", true),
  twenty("ten", { bufferedSteps: 10 }),
  twenty("hundred", { bufferedSteps: 100 }),
  twenty("alone", false),
];

let cloud: Awaited<ReturnType<typeof startLocal>> | undefined;
afterEach(() => cloud?.close());

async function usageOf(id: string) {
  cloud = await startLocal({ client, functions, clock: "virtual" });
  const before = cloud.meter();
  const { ids } = await cloud.send({ name: `counted/${id}`, data: {} });
  const [run] = await cloud.runsOf(ids[0]);
  expect(run).toMatchObject({ status: "completed", output: 190 });
  expect(run?.steps).toHaveLength(20);
  const { calls, writeUnits, readUnits, invocations } = difference(before, cloud.meter());
  const { "dynamodb.PutItem": puts, "dynamodb.TransactWriteItems": packs = 0, "dynamodb.UpdateItem": updates } = calls;
  return { puts, packs, updates, writeUnits, readUnits, invocations };
}

describe("what twenty steps cost by `checkpointing`", () => {
  it("true: a write for each, in one invocation", async () => {
    // The event and twenty checkpoints; the lease (two units) and the end. Three looks for a cancellation.
    expect(await usageOf("each")).toEqual({
      ...{ puts: 21, packs: 0, updates: 2 },
      ...{ writeUnits: 24, readUnits: 5, invocations: 1 },
    });
  });

  it("ten at a time: two packs, of under 2 KB each, at twice the price and with the header that they look at", async () => {
    expect(await usageOf("ten")).toEqual({
      ...{ puts: 1, packs: 2, updates: 2 },
      ...{ writeUnits: 4 + 2 * 2 * (1 + 2), readUnits: 5, invocations: 1 },
    });
  });

  it("a hundred at a time: one pack, before the end", async () => {
    expect(await usageOf("hundred")).toEqual({
      ...{ puts: 1, packs: 1, updates: 2 },
      ...{ writeUnits: 4 + 2 * (1 + 3), readUnits: 5, invocations: 1 },
    });
  });

  it("false: an invocation for each", async () => {
    const { invocations, packs, puts } = await usageOf("alone");
    expect({ invocations, packs, puts }).toEqual({ invocations: 20, packs: 0, puts: 21 });
  });
});
