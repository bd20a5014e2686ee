import { marshall } from "@aws-sdk/util-dynamodb";
import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { audit } from "../laws/audit.ts";
import { type App, type Scenario, START, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { itemsOf } from "./on-stage.ts";
import { open } from "./stage.ts";

const DAY_MS = 24 * HOUR_MS;

/** What DynamoDB does with what has expired, and at once: in AWS it may take days. */
async function reap({ aws, provisioned, ...stage }: Stage): Promise<void> {
  const now = aws.clock.now() / 1_000;
  for (const { pk, sk, ttl } of await itemsOf({ aws, provisioned, ...stage })) {
    if (typeof ttl !== "number" || ttl >= now) continue;
    await aws.dynamodb.call("DeleteItem", { TableName: provisioned.binding.tableName, Key: marshall({ pk, sk }) });
  }
}

/** Days that pass at once: fewer than anything is kept. */
const STRIDE = 15;

/** Lets days pass, and what has expired be gone. The sweeper comes, as it does: it looks after runs that wait for a child without end. */
async function live(stage: Stage, days: number): Promise<void> {
  for (let left = days; left > 0; left -= STRIDE) {
    await stage.pass(Math.min(left, STRIDE) * DAY_MS);
    await reap(stage);
    await stage.aws.lambda.invoke(engineNames("stepwell").door("sweeper"), {});
  }
}

const sendAgain = async ({ cloud }: Stage, name: string, id: string) =>
  void (await cloud.send({ id, name, data: { id: 7 } }));

interface Life {
  readonly functions: Scenario["functions"];
  /** What happens after the start, until the run is to end within a minute: one that cannot would be tried again and again. */
  readonly script: (stage: Stage) => Promise<void>;
  readonly end: object;
}

const later = (delayMs: number) =>
  Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs } });

const lives: Readonly<Record<string, Life>> = {
  "sleeps for a year, with results before it, and a child that it has invoked": {
    functions: (app: App) => {
      const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step, event }) => {
        const first = await step.run("first", () => "child's first");
        await step.sleep("nap", "100d");
        return [first, event.data];
      });
      const parent = one(async ({ step, event }, { notebook }) => {
        const [a, fromChild] = await Promise.all([
          notebook.step(step, "a", () => "a"),
          step.invoke("ask", { function: child, data: { from: "parent" } }),
        ]);
        await step.sleep("year", "365d");
        return [a, fromChild, await notebook.step(step, "b", () => "b"), event.data];
      });
      return [...parent(app), child];
    },
    script: (stage) => live(stage, 465),
    end: { status: "completed", output: ["a", ["child's first", { from: "parent" }], "b", { id: 7 }] },
  },
  "sleeps for a month, twelve times": {
    functions: one(async ({ step, event }, { notebook }) => {
      const given: unknown[] = [];
      for (let month = 0; month < 12; month++) {
        given.push(await notebook.step(step, `month ${month}`, () => month));
        await step.sleep("month", "30d");
      }
      return [given.length, event.id];
    }),
    script: (stage) => live(stage, 360),
    end: { status: "completed", output: [12, "start"] },
  },
  "waits for a year, and its event comes on day 360": {
    functions: one(async ({ step, event }) => {
      const paid = await step.waitForEvent("paid", {
        event: "laws/paid",
        if: "event.data.id == async.data.id && async.data.id > 1",
        timeout: "365d",
      });
      return [paid?.id, event.id];
    }),
    script: async (stage) => {
      await live(stage, 360);
      await sendAgain(stage, "laws/paid", "paid");
      await live(stage, 1);
    },
    end: { status: "completed", output: ["paid", "start"] },
  },
  "waits for ten months by the wait machine, and its event comes": {
    functions: one(async ({ step }) => {
      const paid = await step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "320d" });
      return paid?.id;
    }),
    script: async (stage) => {
      await live(stage, 310);
      await sendAgain(stage, "laws/paid", "paid");
      await live(stage, 1);
    },
    end: { status: "completed", output: "paid" },
  },
  "backs off for a year": {
    functions: one(async ({ step, event }, { notebook }) => {
      const before = await notebook.step(step, "before", () => "before");
      const flaky = await notebook.step(step, "flaky", (tries) => {
        if (tries === 1) throw later(364 * DAY_MS);
        return "flaky";
      });
      return [before, flaky, event.id];
    }),
    script: (stage) => live(stage, 364),
    end: { status: "completed", output: ["before", "flaky", "start"] },
  },
  "has two events, and sleeps for a year": {
    functions: one(
      async ({ step, events }) => {
        await step.sleep("year", "365d");
        return events.map(({ id }) => id);
      },
      { batchEvents: { maxSize: 2, timeout: "1h" } },
    ),
    script: async (stage) => {
      await sendAgain(stage, START, "second");
      await live(stage, 365);
    },
    end: { status: "completed", output: ["start", "second"] },
  },
  "sleeps for a year as a singleton, and lets nobody in on day 350": {
    functions: one(({ step }) => step.sleep("year", "365d"), { singleton: { mode: "skip", key: "event.data.id" } }),
    script: async (stage) => {
      await live(stage, 350);
      await sendAgain(stage, START, "second");
      const [second] = await stage.cloud.runsOf("second");
      expect(second?.status).toBe("skipped");
      await live(stage, 15);
    },
    end: { status: "completed" },
  },
  "sleeps for a year, and an event of its cancelOn comes on day 350": {
    functions: one(({ step }) => step.sleep("year", "365d"), { cancelOn: [{ event: "laws/stop", match: "data.id" }] }),
    script: async (stage) => {
      await live(stage, 350);
      await sendAgain(stage, "laws/stop", "stop");
      await live(stage, 1);
    },
    end: { status: "cancelled" },
  },
};

describe("B-5: nothing that a live run needs expires (L3)", { timeout: 300_000 }, () => {
  it.each(Object.entries(lives))("a run that %s", async (_, { functions, script, end }) => {
    const stage = await open({ functions });
    await stage.cloud.send(START_EVENT);
    const [run] = await stage.cloud.runsOf(START_EVENT.id);
    await script(stage);
    await stage.pass(MINUTE_MS);
    expect(await stage.cloud.run(run?.id)).toMatchObject(end);
    expect((await audit(stage)).problems).toEqual([]);
  });

  it("what has ended does expire", async () => {
    const stage = await open({ functions: one(({ step }) => step.run("a", () => "a")) });
    await stage.cloud.send(START_EVENT);
    await live(stage, 48);
    const left = (await itemsOf(stage)).filter(({ pk }) => !pk.endsWith("#registry"));
    expect(left).toEqual([]);
  });
});
