import { Backoff } from "stepwell";
import { describe, expect, it } from "vitest";
import { type Input, MINUTE, openCloud, stepwell } from "../cloud.ts";

/** Calls a vendor, which asks for a pause the first time. */
function vendor(after: string) {
  const calls: { readonly shop: string; readonly n: number; readonly at: number }[] = [];
  const sync = stepwell.createFunction(
    { id: "sync", concurrency: { limit: 2, key: "event.data.shop" } },
    { event: "shop/sync" },
    async ({ event, step }: Input) => {
      await step.run("call", () => {
        const { shop, n } = event.data as { shop: string; n: number };
        calls.push({ shop, n, at: Date.now() });
        if (shop === "busy" && calls.filter((call) => call.shop === shop).length === 1) throw new Backoff(shop, after);
      });
    },
  );
  return { calls, sync };
}

const event = (shop: string, n: number) => ({ name: "shop/sync", data: { shop, n } });

describe("a Backoff from a step", () => {
  it("holds back the runs of its key until then, and nobody else's", async () => {
    const { calls, sync } = vendor("10m");
    const cloud = await openCloud([sync]);
    await cloud.send([event("busy", 1)]);
    const start = calls[0]?.at ?? 0;
    const { ids } = await cloud.send([event("busy", 2), event("calm", 3), event("busy", 4)]);
    expect(calls.map(({ n }) => n)).toEqual([1, 3]);
    await cloud.passTime("9m");
    expect(calls.map(({ n }) => n)).toEqual([1, 3]);
    await cloud.passTime("2m");
    expect(calls.map(({ n }) => n).sort()).toEqual([1, 1, 2, 3, 4]);
    for (const { shop, at } of calls.slice(2))
      expect(shop === "busy" && at - start >= 10 * MINUTE && at - start <= 10 * MINUTE + 1_000).toBe(true);
    const [held] = await cloud.runsOf(ids[0]);
    expect(held?.status).toBe("completed");
  });

  it("holds on over a schedule, when it is far off", async () => {
    const { calls, sync } = vendor("3h");
    const cloud = await openCloud([sync]);
    await cloud.send([event("busy", 1)]);
    await cloud.send([event("busy", 2)]);
    await cloud.passTime("179m");
    expect(calls).toHaveLength(1);
    await cloud.passTime("2m");
    expect(calls.map(({ n }) => n).sort()).toEqual([1, 1, 2]);
  });

  it("of a key that no limit of the run has holds back its step alone, and says so", async () => {
    const lines: { message: string }[] = [];
    let tries = 0;
    const alone = stepwell.createFunction({ id: "alone" }, { event: "shop/alone" }, ({ step }) =>
      step.run("call", () => {
        tries++;
        if (tries === 1) throw new Backoff("shop", "1m");
        return "called";
      }),
    );
    const cloud = await openCloud([alone], {}, lines as never);
    const { ids } = await cloud.send({ name: "shop/alone", data: {} });
    const [run] = await cloud.runsOf(ids[0]);
    expect((await cloud.waitForRun(run?.id)).output).toBe("called");
    expect(lines.some(({ message }) => message.includes("a Backoff holds back nobody but its step"))).toBe(true);
  });
});
