import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { referenceFunction, Stepwell } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import type { RegistrarRequest } from "../../lambdas/registrar/request.ts";
import { socketClients } from "../local/open.ts";
import { finish, HOUR, on, openCloud, start } from "./cloud.ts";

/** Deploys on one engine: each cloud goes on with the data of the one before. */
let dataDir = "";
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stepwell-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const other = new Stepwell({ id: "other" });
const deploy = (functions: readonly unknown[]) => openCloud(functions, { dataDir });
/** Time passes, and the engine works, while the app of the scenario is not there. */
const deployNothingBut = (functions: readonly unknown[] = []) => openCloud(functions, { dataDir, client: other });

/** What CloudFormation sends when an App is deleted; its Lambda is gone with the cloud that is closed. */
async function destroy(cloud: LocalCloud, app = "shop"): Promise<void> {
  const nowhere = { functionName: "gone", queueUrl: "", queueArn: "", codeVersion: "local" };
  const request: RegistrarRequest = { RequestType: "Delete", ResourceProperties: { env: "main", app, ...nowhere } };
  const { lambda } = socketClients(cloud.url);
  const FunctionName = engineNames("stepwell").door("registrar");
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }));
  lambda.destroy();
  expect(FunctionError).toBeUndefined();
  await cloud.close();
}

describe("an app that is deleted", () => {
  it.each(["10m", "2d"])(
    "keeps its runs: one that slept for %s goes on when the app is deployed again",
    async (time) => {
      const nap = on("nap", async ({ step }) => {
        await step.sleep("nap", time);
        return "woken";
      });
      const before = await deploy([nap]);
      const run = await start(before, { name: "shop/nap" });
      await destroy(before);

      const meanwhile = await deployNothingBut();
      await meanwhile.passTime("5d");
      expect((await meanwhile.sweep()).woken).toEqual([]);
      await meanwhile.close();

      const after = await deploy([nap]);
      expect((await after.run(run.id))?.status).toBe("sleeping");
      // The sweeper looks after such runs every five minutes, and gives their own timers a minute.
      await after.passTime("7m");
      expect(await after.run(run.id)).toMatchObject({ status: "completed", output: "woken" });
    },
  );

  it("is not started any more, by event or by cron", async () => {
    const started: string[] = [];
    const tick = other.createFunction({ id: "tick" }, { cron: "0 * * * *" }, () => void started.push("tick"));
    const placed = other.createFunction({ id: "placed" }, { event: "shop/placed" }, () => void started.push("placed"));
    const before = await deployNothingBut([tick, placed]);
    await before.passTime("1h");
    expect(started).toEqual(["tick"]);
    await destroy(before, "other");
    const after = await deploy([]);
    const { ids } = await after.send({ name: "shop/placed" });
    await after.passTime("1d");
    expect(await after.runsOf(ids[0])).toEqual([]);
    expect(started).toEqual(["tick"]);
  });

  it("is told to those that invoke it", async () => {
    const child = other.createFunction({ id: "child" }, { event: "other/child" }, () => "never");
    await destroy(await deployNothingBut([child]), "other");
    const target = referenceFunction({ appId: "other", functionId: "child" });
    const parent = on("parent", ({ step }) => step.invoke("call", { function: target }));
    const run = await finish(await deploy([parent]), { name: "shop/parent" });
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_FUNCTION_NOT_FOUND" } });
  });
});

describe("a function that a new version has no more", () => {
  it.each(["10m", "2h"])("goes on with its run of %s once a later version has it again", async (time) => {
    const gone = on("gone", async ({ step }) => {
      await step.sleep("nap", time);
      return "woken";
    });
    const kept = on("kept", () => "fine");
    const before = await deploy([gone, kept]);
    const run = await start(before, { name: "shop/gone" });
    await before.close();

    const without = await deploy([kept]);
    await without.passTime("3h");
    expect((await without.run(run.id))?.status).toBe("sleeping");
    expect(await finish(without, { name: "shop/kept" })).toMatchObject({ output: "fine" });
    await without.close();

    const again = await deploy([gone, kept]);
    expect(await again.waitForRun(run.id)).toMatchObject({ status: "completed", output: "woken" });
    expect(await again.deadLetters()).toEqual([]);
  });
});

describe("a function that comes back after its messages have become dead letters", () => {
  it.each<[string, object]>([
    ["throttled", { throttle: { limit: 1, period: "10m" } }],
    ["in line", { concurrency: 1 }],
  ])("goes on with a run that was %s", async (_, options) => {
    const slow = on("gone", async ({ step }) => step.run("work", () => new Promise<void>(() => {})), options);
    const quick = on("gone", ({ step }) => step.run("work", () => "done"), options);
    const kept = on("kept", () => "fine");
    const before = await deploy([slow, kept]);
    await start(before, { name: "shop/gone" });
    const run = await start(before, { name: "shop/gone" });
    expect(run.status).toBe("queued");
    await before.close();

    const without = await deploy([kept]);
    await without.passTime("2d");
    expect((await without.run(run.id))?.status).toBe("queued");
    await without.close();

    const again = await deploy([quick, kept]);
    expect(await again.waitForRun(run.id)).toMatchObject({ status: "completed", output: "done" });
  });
});

describe("a cron that changes", () => {
  /** An hourly function, deployed with one cron after the other, each for two and a half hours. What fired: cron and nominal hour. */
  async function deployOneByOne(crons: readonly string[]) {
    const fired: { cron: string; hour: number }[] = [];
    const client = new Stepwell({ id: "clock" });
    for (const cron of crons) {
      const fn = client.createFunction({ id: "hourly" }, { cron }, ({ event }) => {
        fired.push({ cron: event.data.cron, hour: event.ts / HOUR });
      });
      const cloud = await openCloud([fn], { dataDir, client });
      await cloud.passTime("150m");
      await cloud.close();
    }
    return fired;
  }

  it("to another zone with the same hours fires each hour once, by the cron of its time", async () => {
    const [utc, london] = ["0 * * * *", "TZ=Europe/London 0 * * * *"];
    const fired = await deployOneByOne([utc, london]);
    expect(fired.map(({ hour }) => hour - (fired[0]?.hour ?? 0))).toEqual([0, 1, 2, 3, 4]);
    const texts = fired.map(({ cron }) => cron);
    expect(texts.slice(0, 2)).toEqual([utc, utc]);
    expect(texts.slice(3)).toEqual([london, london]);
  });

  it("in the very minute in which it fires is fired by the old schedule or the new one, and once by both", async () => {
    const fired: string[] = [];
    const client = new Stepwell({ id: "clock" });
    const cron = "TZ=Europe/London 30 * * * *";
    const fn = client.createFunction({ id: "hourly" }, { cron }, ({ event }) => void fired.push(event.data.cron));
    const cloud = await openCloud([fn], { client });
    const { sqs } = socketClients(cloud.url);
    const fire = async (text: string, at: string) => {
      const message = {
        v: 1,
        stepwell: true,
        kind: "cron",
        env: "main",
        app: "clock",
        functionId: "hourly",
        cron: text,
        at,
      };
      const QueueUrl = `${cloud.url}/000000000000/${engineNames("stepwell").ingestQueue}`;
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
      await cloud.passTime(0);
    };
    await fire("30 * * * *", "2026-01-01T12:30:00Z");
    await fire(cron, "2026-01-01T12:30:00Z");
    await fire("15 * * * *", "2026-01-01T12:15:00Z");
    sqs.destroy();
    expect(fired).toEqual([cron]);
  });

  it("and is rolled back fires as before", async () => {
    const fired = await deployOneByOne(["0 * * * *", "0 0 1 1 *", "0 * * * *"]);
    const hours = fired.map(({ hour }) => hour);
    expect(new Set(hours).size).toBe(hours.length);
    expect(hours.length).toBeGreaterThanOrEqual(4);
    expect(hours.length).toBeLessThanOrEqual(6);
  });
});
