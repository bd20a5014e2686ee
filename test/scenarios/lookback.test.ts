import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { type Input, on, openCloud, start, stepwell } from "./cloud.ts";

interface Arrived {
  readonly id: string;
}

describe.each(["stepFunctions", "table"] as const)("waitForEvent that looks back, by %s", (waits) => {
  const lookback = [{ event: "shop/paid", match: "data.id" }, "shop/closed"];
  /** Sleeps for an hour, then waits. */
  const waiting = (options: object, declared: readonly unknown[] = lookback): Promise<LocalCloud> =>
    openCloud(
      [
        on(
          "wait",
          async ({ step }: Input) => {
            await step.sleep("first", "1h");
            return step.waitForEvent("payment", {
              event: "shop/paid",
              match: "data.id",
              timeout: "1d",
              ...options,
            } as never);
          },
          declared.length === 0 ? {} : { lookback: declared as never },
        ),
      ],
      { waits },
    );
  const begin = (cloud: LocalCloud) => start(cloud, { name: "shop/wait", data: { id: 1 } });
  const paid = (id: string, data: object = { id: 1 }) => ({ name: "shop/paid", id, data });

  it("takes the earliest event of that time, though no wait for it had ever been there, and nothing before it", async () => {
    const cloud = await waiting({ lookback: "30m" });
    const run = await begin(cloud);
    await cloud.send(paid("too early"));
    await cloud.passTime("40m");
    await cloud.send(paid("another's", { id: 2 }));
    await cloud.send(paid("first"));
    await cloud.passTime("5m");
    await cloud.send(paid("second"));
    await cloud.passTime("16m");
    expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: { id: "first" } });
  });

  it("needs no declaration where the handler's own text says what it waits for", async () => {
    const plain = on("wait", async ({ step }: Input) => {
      await step.sleep("first", "1h");
      return step.waitForEvent("payment", { event: "shop/paid", match: "data.id", timeout: "1d", lookback: "30m" });
    });
    const cloud = await openCloud([plain], { waits });
    const run = await begin(cloud);
    await cloud.passTime("40m");
    await cloud.send(paid("another's", { id: 2 }));
    await cloud.send(paid("first"));
    await cloud.passTime("21m");
    expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: { id: "first" } });
  });

  it("waits for what is to come where nothing has", async () => {
    const cloud = await waiting({ lookback: "10m" });
    const run = await begin(cloud);
    await cloud.send(paid("too early"));
    await cloud.passTime("61m");
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.send(paid("late"));
    expect((await cloud.run(run.id))?.output).toMatchObject({ id: "late" });
  });

  it("looks for each of several events, and at what a condition says", async () => {
    const declared = [
      "shop/closed",
      { event: "shop/paid", if: "async.data.id == event.data.id && async.data.sum > 5" },
    ];
    const event = ["shop/closed", { event: "shop/paid", if: "async.data.id == event.data.id && async.data.sum > 10" }];
    const cloud = await waiting({ event, match: undefined, lookback: "2h" }, declared);
    const run = await begin(cloud);
    await cloud.passTime("10m");
    await cloud.send(paid("small", { id: 1, sum: 7 }));
    await cloud.passTime("5s");
    await cloud.send(paid("large", { id: 1, sum: 11 }));
    await cloud.passTime("1h");
    expect((await cloud.run(run.id))?.output).toMatchObject({ id: "large" });
  });

  it("does not take again what the run has been given, nor the event that started it", async () => {
    const fn = stepwell.createFunction(
      { id: "again", lookback: "shop/again" },
      { event: "shop/again" },
      async ({ step }) => {
        const ids: (string | null)[] = [];
        for (const id of ["one", "two"]) {
          await step.sleep(`before ${id}`, "10m");
          const event = await step.waitForEvent(id, { event: "shop/again", timeout: "1h", lookback: "3h" });
          ids.push((event as Arrived | null)?.id ?? null);
        }
        return ids;
      },
    );
    const cloud = await openCloud([fn], { waits });
    const { ids } = await cloud.send({ name: "shop/again", id: "trigger" });
    const [run] = await cloud.runsOf(ids[0]);
    await cloud.passTime("5m");
    await cloud.send({ name: "shop/again", id: "news" });
    expect((await cloud.waitForRun(run?.id)).output).toEqual(["news", null]);
  });

  it.each([
    ["no function's option", []],
    ["an option for another path", [{ event: "shop/paid", match: "data.other" }]],
  ])("is refused with %s, and the error says what to write", async (_, declared) => {
    const cloud = await waiting({ lookback: "30m" }, declared);
    const run = await cloud.waitForRun((await begin(cloud)).id);
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_STEP" } });
    expect(run.error?.message).toContain('lookback: [{"event":"shop/paid","match":"data.id"}]');
  });
});

describe("the option lookback", () => {
  const define = (lookback: unknown) =>
    stepwell.createFunction({ id: "f", lookback: lookback as never }, { event: "shop/x" }, () => 1);

  it("becomes paths by which arrivals are noted", () => {
    const entry = { event: "shop/paid", if: "async.data.b == event.data.b && async.data.a == 1 && async.data.c > 1" };
    expect(define(["shop/closed", entry]).manifest.lookback).toEqual([
      { event: "shop/closed", paths: [] },
      { event: "shop/paid", paths: ["data.a", "data.b"] },
    ]);
  });

  it.each([
    ["no event", 7, "STEPWELL_INVALID_FUNCTION", "lookback: must be an event's name"],
    ["an empty list", [], "STEPWELL_INVALID_FUNCTION", "lookback: a list has 1 to 10 events"],
    ["a wildcard", ["shop/*"], "STEPWELL_INVALID_FUNCTION", "lookback[0]"],
    [
      "match and if",
      [{ event: "a", match: "data.a", if: "true" }],
      "STEPWELL_INVALID_FUNCTION",
      "lookback[0]: give `match` or `if`",
    ],
    ["a bad condition", { event: "a", if: "async." }, "STEPWELL_INVALID_EXPRESSION", "lookback.if"],
    ["an unknown field", [{ event: "a", timeout: 1 }], "STEPWELL_INVALID_FUNCTION", '"timeout"'],
  ])("is refused: %s", (_, lookback, code, message) => {
    expect(() => define(lookback)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
