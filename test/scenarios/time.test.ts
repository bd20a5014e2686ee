import { DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";
import { operationKey } from "../../sdk/execution/keys.ts";
import { DAY, finish, HOUR, MINUTE, on, openCloud, runHandler, start, stepwell } from "./cloud.ts";

/** How late a handler goes on after a pause, in virtual milliseconds. */
const latenessOf = async (pause: (step: Step) => Promise<void>, expected: (start: number) => number) => {
  const times: number[] = [];
  const { run, cloud } = await runHandler(async ({ step }) => {
    times.push(await step.run("start", () => Date.now()));
    await pause(step);
    return Date.now();
  });
  return { late: (run.output as number) - expected(times[0] ?? 0), run, invocations: cloud.meter().invocations };
};
type Step = Parameters<Parameters<typeof runHandler>[0]>[0]["step"];

it.each([
  ["0 ms", 0, 1],
  ["1 ms", 1, 1],
  ["999 ms", 999, 1],
])("a sleep of %s is waited for in place: one invocation, to the millisecond", async (_, ms, invocations) => {
  const slept = await latenessOf(
    (step) => step.sleep("nap", ms),
    (start) => start + ms,
  );
  expect(slept).toMatchObject({ late: 0, invocations });
});

it.each([
  ["1s", 1_000],
  ["10s", 10_000],
  ["14m 59s", 899_000],
  ["15m", 15 * MINUTE],
  ["15m 1s", 15 * MINUTE + 1_000],
  ["16m", 16 * MINUTE],
  ["1h 0.5s", HOUR + 500],
  ["2 days", 2 * DAY],
  ["364d", 364 * DAY],
  ["365d", 365 * DAY],
])("a sleep of %s suspends the run and wakes it within a second of its time", async (text, ms) => {
  const { late, invocations, run } = await latenessOf(
    (step) => step.sleep("nap", text),
    (start) => start + ms,
  );
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThanOrEqual(1_000);
  expect(invocations).toBe(2);
  expect(run.steps[1]).toMatchObject({ kind: "sleep", status: "completed", endedAt: expect.any(Number) });
});

describe("sleepUntil", () => {
  it.each([
    ["a Date", (at: number) => new Date(at)],
    ["ISO text", (at: number) => new Date(at).toISOString()],
    ["milliseconds", (at: number) => at],
    ["a Temporal object", (at: number) => ({ epochMilliseconds: at })],
  ])("takes %s", async (_, form) => {
    const { run } = await runHandler(async ({ step }) => {
      const until = await step.run("when", () => Math.ceil(Date.now() / 1_000) * 1_000 + 3 * DAY);
      await step.sleepUntil("until", form(until));
      return Date.now() - until;
    });
    expect(run.output).toBeLessThanOrEqual(1_000);
    expect(run.output).toBeGreaterThanOrEqual(0);
  });

  it("wakes at once when the time is past", async () => {
    const { run, cloud } = await runHandler(async ({ step }) => {
      const before = Date.now();
      await step.sleepUntil("past", "2001-01-01");
      await step.sleepUntil("now", new Date());
      return Date.now() - before;
    });
    expect(run.output).toBe(0);
    expect(cloud.meter().invocations).toBe(1);
  });
});

it("passTime wakes many sleepers in the order of their times, and stops at its end", async () => {
  const woken: number[] = [];
  const cloud = await openCloud([
    on("nap", async ({ event, step }) => {
      await step.sleep("nap", `${event.data.days}d`);
      woken.push(event.data.days);
    }),
  ]);
  const days = [29, 3, 31, 1, 14, 30, 2];
  await cloud.send(days.map((n) => ({ name: "shop/nap", data: { days: n } })));
  await cloud.passTime("14 days 1 minute");
  expect(woken).toEqual([1, 2, 3, 14]);
  await cloud.passTime("16d");
  expect(woken).toEqual([1, 2, 3, 14, 29, 30]);
});

it("parallel sleeps end one by one, and the run says what it does meanwhile", async () => {
  const cloud = await openCloud([
    on("naps", async ({ step }) => {
      const order: string[] = [];
      const nap = (time: string) => step.sleep(time, time).then(() => order.push(time));
      await Promise.all([nap("3h"), nap("1h"), nap("2d")]);
      return order;
    }),
  ]);
  const run = await start(cloud, { name: "shop/naps" });
  expect(run.status).toBe("sleeping");
  expect(run.steps.map(({ status }) => status)).toEqual(["sleeping", "sleeping", "sleeping"]);
  await cloud.passTime("90m");
  const later = await cloud.run(run.id);
  expect(later?.status).toBe("sleeping");
  expect(later?.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
    "3h sleeping",
    "1h completed",
    "2d sleeping",
  ]);
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: ["1h", "3h", "2d"] });
});

it("a year passes over a sleeping run with the same calls as a day", async () => {
  const cloud = await openCloud([on("nap", ({ step }) => step.sleep("nap", "365d"))]);
  const run = await start(cloud, { name: "shop/nap" });
  const passing = async (time: string) => {
    const before = cloud.meter();
    await cloud.passTime(time);
    return difference(before, cloud.meter()).calls;
  };
  const day = await passing("1d");
  expect((await cloud.run(run.id))?.status).toBe("sleeping");
  const months = await passing("360d");
  expect(months).toEqual(day);
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed" });
});

it("a run whose timer is lost is woken by the sweeper, once, and one whose timer is on its way is left alone", async () => {
  const cloud = await openCloud([on("nap", ({ step }) => step.sleep("nap", "2d").then(() => "woken"))]);
  const [lost, kept] = [await start(cloud, { name: "shop/nap" }), await start(cloud, { name: "shop/nap" })];
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SchedulerClient({ endpoint: cloud.url, region: "us-east-1", credentials });
  const Name = `${lost.id}-${operationKey("nap")}-0`;
  await client.send(new DeleteScheduleCommand({ Name, GroupName: "stepwell" }));
  client.destroy();
  expect(await cloud.sweep()).toEqual({ woken: [] });
  await cloud.passTime("2d 30s");
  expect((await cloud.run(kept.id))?.status).toBe("completed");
  expect((await cloud.run(lost.id))?.status).toBe("sleeping");
  await cloud.passTime("1m");
  expect(await cloud.run(lost.id)).toMatchObject({ status: "completed", output: "woken" });
  expect(await cloud.sweep()).toEqual({ woken: [] });
});

it("an awaited timer that is no step works beside steps", async () => {
  const { run } = await runHandler(async ({ step }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const a = await step.run("a", () => new Promise((resolve) => setTimeout(() => resolve(1), 5)));
    await Promise.resolve();
    await step.sleep("nap", "1h");
    await new Promise((resolve) => setTimeout(resolve, 5));
    return a;
  });
  expect(run.output).toBe(1);
});

it("a log line of the handler is written once, however often the code is replayed", async () => {
  let tries = 0;
  const { lines } = await runHandler(async ({ step, logger }) => {
    logger.info("begin");
    await step.run("flaky", () => {
      logger.info("body", { tries });
      if (tries++ === 0) throw new Error("once");
    });
    logger.info("between");
    await step.sleep("nap", "1h");
    logger.warn("woken");
    await step.run("last", () => 1);
    logger.error(new Error("end"));
  });
  // Lines of handlers name the attempt, as do the engine's about a step.
  const own = lines.filter(({ message, fields }) => "attempt" in (fields ?? {}) && !message.startsWith("step "));
  expect(own.map(({ message }) => message)).toEqual(["begin", "body", "body", "between", "woken", "end"]);
});

describe("cron", () => {
  const times: string[] = [];
  const clockOf = (cron: string | readonly string[]) =>
    stepwell.createFunction(
      { id: "tick" },
      [cron].flat().map((text) => ({ cron: text })),
      ({ event }) => void times.push(`${event.name} ${event.data.cron} ${new Date(event.ts).toISOString()}`),
    );
  const fired = async (cron: string | readonly string[], passing: string) => {
    times.length = 0;
    const cloud = await openCloud([clockOf(cron)]);
    await cloud.passTime(passing);
    return times.map((line) => new Date(line.slice(-24)));
  };

  it("fires once for each nominal time that passes", async () => {
    const dates = await fired("0 9 * * *", "30d");
    expect(dates).toHaveLength(30);
    expect(new Set(dates.map((date) => date.toISOString().slice(10)))).toEqual(new Set(["T09:00:00.000Z"]));
    expect(new Set(dates.map(String)).size).toBe(30);
  });

  it("keeps its time zone, over the change to and from summer time", async () => {
    const dates = await fired("TZ=Europe/Rome 30 8 * * 1", "365d");
    expect(dates.length).toBeGreaterThanOrEqual(52);
    const inRome = dates.map((date) =>
      date.toLocaleTimeString("en-GB", { timeZone: "Europe/Rome", hour: "2-digit", minute: "2-digit" }),
    );
    expect(new Set(inRome)).toEqual(new Set(["08:30"]));
    expect(new Set(dates.map((date) => date.getUTCHours()))).toEqual(new Set([6, 7]));
  });

  it("with a day of month and a day of week fires on either, and once where both hold", async () => {
    const dates = await fired("0 12 13 * 5", "365d");
    expect(dates.every((date) => date.getUTCDate() === 13 || date.getUTCDay() === 5)).toBe(true);
    expect(new Set(dates.map(String)).size).toBe(dates.length);
    expect(dates.filter((date) => date.getUTCDay() === 5).length).toBeGreaterThanOrEqual(52);
    expect(dates.filter((date) => date.getUTCDate() === 13 && date.getUTCDay() !== 5).length).toBeGreaterThanOrEqual(9);
  });

  it("of one function may be several, which share a time without sharing a run", async () => {
    const dates = await fired(["0 0 * * *", "0 0 1 * *"], "40d");
    expect(dates.length).toBeGreaterThanOrEqual(40);
  });

  it("fire starts the function now, and an unknown one is refused by name", async () => {
    times.length = 0;
    const cloud = await openCloud([clockOf("0 0 1 1 *"), on("other", () => 1)]);
    await cloud.fire("tick");
    await cloud.passTime("1s");
    await cloud.fire("tick");
    expect(times).toHaveLength(2);
    expect(times[0]).toMatch(/^stepwell\/scheduled.timer 0 0 1 1 \* /);
    for (const id of ["other", "nobody"]) {
      await expect(cloud.fire(id)).rejects.toMatchObject({
        code: "STEPWELL_FUNCTION_NOT_FOUND",
        message: expect.stringMatching(new RegExp(`"${id}".*tick`)),
      });
    }
  });

  it("is retried and sleeps like any run", async () => {
    let tries = 0;
    const done: string[] = [];
    const fn = stepwell.createFunction({ id: "nightly" }, { cron: "0 3 * * *" }, async ({ step, event }) => {
      await step.run("flaky", () => {
        if (tries++ === 0) throw new Error("once");
      });
      await step.sleep("nap", "1h");
      done.push(new Date(event.ts).toISOString());
    });
    const cloud = await openCloud([fn]);
    await cloud.passTime("1d");
    expect(done).toHaveLength(1);
    expect(tries).toBe(2);
  });
});

it("passTime without a number or a duration is refused", async () => {
  const cloud = await openCloud([]);
  await expect(async () => cloud.passTime("a while")).rejects.toMatchObject({ code: "STEPWELL_INVALID_DURATION" });
  await expect(async () => cloud.passTime(-1)).rejects.toThrow("-1");
});

it("runs that were sent together sleep and finish on their own", async () => {
  const cloud = await openCloud([
    on("nap", async ({ event, step }) => {
      await step.sleep("nap", event.data.ms);
      return event.data.ms;
    }),
  ]);
  const times = [500, 1_500, MINUTE, 20 * MINUTE, DAY];
  const runs = await Promise.all(
    times.map(async (ms) => finish(cloud, { name: "shop/nap", data: { ms }, id: `nap-${ms}` })),
  );
  expect(runs.map(({ output }) => output)).toEqual(times);
});
