import { DeleteItemCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { Backoff } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { DAY, finish, on, openCloud, start } from "./cloud.ts";

const TableName = engineNames("stepwell").table;

const clientOf = (cloud: LocalCloud) =>
  new DynamoDBClient({
    endpoint: cloud.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });

async function itemsOf(cloud: LocalCloud) {
  const { Items = [] } = await clientOf(cloud).send(new ScanCommand({ TableName }));
  return Items.map((item) => unmarshall(item));
}

/** What DynamoDB does some time after an item's TTL, done at once. */
async function deleteExpired(cloud: LocalCloud, now: number): Promise<void> {
  for (const { pk, sk, ttl } of await itemsOf(cloud)) {
    if (ttl === undefined || ttl * 1_000 > now) continue;
    await clientOf(cloud).send(new DeleteItemCommand({ TableName, Key: marshall({ pk, sk }) }));
  }
}

describe("what is kept, and how long", () => {
  it("a run that sleeps for months keeps its results, though all that has expired is deleted every week", async () => {
    let bodies = 0;
    const patient = on("patient", async ({ event, step }) => {
      const first = await step.run("first", () => ++bodies);
      await step.sleep("season", "100d");
      const approval = step.waitForEvent("approval", { event: "shop/approved", timeout: "90d" });
      const second = await step.run("second", () => ++bodies);
      return { first, second, approval: await approval, id: event.data.id };
    });
    const cloud = await openCloud([patient]);
    const { id, queuedAt } = await start(cloud, { name: "shop/patient", data: { id: "p1" } });
    for (let day = 7; day <= 196; day += 7) {
      await cloud.passTime("7d");
      await deleteExpired(cloud, queuedAt + day * DAY);
    }
    const run = await cloud.run(id);
    expect(run?.output).toEqual({ first: 1, second: 2, approval: null, id: "p1" });
    expect(bodies).toBe(2);
  });

  it("renews each result of a run that wakes every day once a week, and not each time", async () => {
    const poll = on("poll", async ({ step }) => {
      await step.run("begin", () => "kept");
      for (let day = 0; day < 28; day++) await step.sleep("a-day", "1d");
    });
    const cloud = await openCloud([poll]);
    await start(cloud, { name: "shop/poll", data: {} });
    await cloud.passTime("1d");
    const callsOf = () => cloud.meter().calls["dynamodb.UpdateItem"] ?? 0;
    let before = callsOf();
    const perDay: number[] = [];
    for (let day = 1; day < 21; day++) {
      await cloud.passTime("1d");
      perDay.push(callsOf() - before);
      before = callsOf();
    }
    const usual = Math.min(...perDay);
    // One more a day for each result that is one, two, … weeks old on that day.
    expect(perDay.map((calls) => calls - usual)).toEqual([
      ...Array(5).fill(0),
      ...Array(8).fill(1),
      ...Array(7).fill(2),
    ]);
  });

  it("a finished run is readable for thirty days, and nothing of it is left a week later", async () => {
    const big = on("big", async ({ step }) => {
      await step.run("one", () => 1);
      await step.sleep("nap", "5s");
      return "x".repeat(1_000);
    });
    const cloud = await openCloud([big]);
    const run = await finish(cloud, { name: "shop/big", data: {} });
    const end = run.endedAt ?? 0;
    await deleteExpired(cloud, end + 30 * DAY - 1_000);
    expect(await cloud.run(run.id)).toEqual(run);
    await deleteExpired(cloud, end + 38 * DAY);
    const left = (await itemsOf(cloud)).map(({ pk }) => pk as string);
    expect(left.filter((pk) => !pk.endsWith("#registry"))).toEqual([]);
  });

  it("a throttle's start time that is months away finds the run's events", async () => {
    const throttle = { limit: 1, period: "7d" };
    const slow = on("slow", ({ events }) => events.map(({ data }) => data.n), {
      throttle,
      batchEvents: { maxSize: 2, timeout: "1m" },
    });
    const cloud = await openCloud([on("mail", ({ event }) => event.data.n, { throttle }), slow]);
    const events = (name: string, count: number) => Array.from({ length: count }, (_, n) => ({ name, data: { n } }));
    const { ids: mails } = await cloud.send(events("shop/mail", 12));
    const { ids: rows } = await cloud.send(events("shop/slow", 24));
    const [mail] = await cloud.runsOf(mails[11]);
    const [batch] = await cloud.runsOf(rows[23]);
    for (let week = 1; week <= 11; week++) {
      await cloud.passTime("7d");
      await deleteExpired(cloud, (mail?.queuedAt ?? 0) + week * 7 * DAY);
    }
    expect(await cloud.run(mail?.id)).toMatchObject({ status: "completed", output: 11 });
    expect(await cloud.run(batch?.id)).toMatchObject({ status: "completed", output: [22, 23] });
  });

  it("a run that is in line for longer than its event is kept fails, and lets the next one by", async () => {
    const slow = on(
      "slow",
      ({ event, step, attempt }) =>
        step.run("work", () => {
          if (event.data.n === 0 && attempt === 0) throw new Backoff("a", "40d");
          return event.data.n;
        }),
      { concurrency: { limit: 1, key: '"a"' } },
    );
    const cloud = await openCloud([slow]);
    for (const n of [0, 1]) await start(cloud, { name: "shop/slow", data: { n } });
    const [expired] = await cloud.runs({ status: "queued" });
    for (let week = 1; week <= 5; week++) {
      await cloud.passTime("7d");
      await deleteExpired(cloud, (expired?.queuedAt ?? 0) + week * 7 * DAY);
    }
    const last = await start(cloud, { name: "shop/slow", data: { n: 2 } });
    await cloud.passTime("7d");
    const failed = await cloud.run(expired?.id);
    expect([failed?.status, failed?.error?.code]).toEqual(["failed", "STEPWELL_RUN_EXPIRED"]);
    expect(await cloud.run(last.id)).toMatchObject({ status: "completed", output: 2 });
    expect(await cloud.deadLetters()).toEqual([]);
  });

  it("a run whose results are gone is failed, and does nothing again", async () => {
    let bodies = 0;
    const stranded = on("stranded", async ({ step }) => {
      await step.run("pay", () => ++bodies);
      await step.sleep("nap", "2d");
      await step.run("ship", () => ++bodies);
    });
    const cloud = await openCloud([stranded]);
    const run = await start(cloud, { name: "shop/stranded", data: {} });
    // As if nobody had been there to wake it for months.
    const lost = (await itemsOf(cloud)).find(({ pk, id }) => pk.endsWith(run.id) && id === "pay");
    await clientOf(cloud).send(new DeleteItemCommand({ TableName, Key: marshall({ pk: lost?.pk, sk: lost?.sk }) }));
    await cloud.passTime("3d");
    const failed = await cloud.run(run.id);
    expect(failed?.status).toBe("failed");
    expect(failed?.error?.code).toBe("STEPWELL_RUN_EXPIRED");
    expect(bodies).toBe(1);
  });
});
