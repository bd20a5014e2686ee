import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { RunView } from "stepwell";
import { startLocal } from "stepwell/local";
import { describe, it } from "vitest";
import {
  type Entry,
  executions,
  isAlive,
  type OnFinished,
  readJournal,
  temporaryFolder,
  until,
} from "./apps/journal.ts";
import { collectLines } from "./apps/lines.ts";

const entry = fileURLToPath(new URL("apps/crash.ts", import.meta.url));
/** What the issue asks for, and what a machine that has much else to do is given beside it. In ms. */
const GOES_ON_WITHIN_MS = 1_000;
const BUSY_MS = 1_500;

/** Of the function `sleeper`. */
const SLEEP_MS = 5_000;

/** A cloud whose app is a process that may be killed. */
async function openCloud(onTestFinished: OnFinished) {
  const folder = temporaryFolder(onTestFinished);
  const [journal, go] = [join(folder, "journal"), join(folder, "go")];
  const { lines, logger } = collectLines();
  const cloud = await startLocal({ entry, logger, env: { JOURNAL: journal, GO: go } });
  onTestFinished(() => cloud.close());
  return { cloud, lines, read: () => readJournal(journal), go: () => writeFileSync(go, "") };
}

type Cloud = Awaited<ReturnType<typeof openCloud>>["cloud"];

async function start(cloud: Cloud, name: string): Promise<string> {
  const { ids } = await cloud.send({ name: `crash/${name}`, data: { id: name } });
  const [run] = await cloud.runsOf(ids[0]);
  return run?.id ?? "";
}

/** When the leases end that nobody has given back, by run, from the table. */
async function heldLeases(cloud: Cloud): Promise<ReadonlyMap<string, number>> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const dynamodb = new DynamoDBClient({ endpoint: cloud.url, region: "us-east-1", credentials });
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: "stepwell-state", ConsistentRead: true }));
  dynamodb.destroy();
  const held = Items.filter(({ leaseUntil, owner }) => leaseUntil !== undefined && owner !== undefined);
  return new Map(held.map(({ pk, leaseUntil }) => [pk?.S?.split("#run#")[1] ?? "", Number(leaseUntil?.N)]));
}

/** Kills the app's process, and waits for the next one. */
async function kill(cloud: Cloud, read: () => readonly Entry[]) {
  const { pid = 0, starts } = cloud.app;
  process.kill(pid, "SIGKILL");
  await until("the process is gone", () => cloud.app.pid !== pid);
  const leases = await heldLeases(cloud);
  const runs = await Promise.all([...new Set(read().map(({ runId }) => runId))].map((id) => cloud.run(id)));
  const isDone = ({ runId, step }: Entry) =>
    runs.some((run) => run?.id === runId && run.steps.some(({ id, status }) => id === step && status === "completed"));
  const begun = read().filter((one) => one.what === "begun" && one.pid === pid && !isDone(one));
  await until("another process is ready", () => cloud.app.starts > starts);
  return { pid, readyAt: Date.now(), leases, inFlight: begun.map(({ runId, step }) => `${runId} ${step}`) };
}

type Kill = Awaited<ReturnType<typeof kill>>;

/** How long after a kill each run that it met went on, counted from when it could, in ms. */
const delays = (journal: readonly Entry[], { pid, readyAt, leases }: Kill): readonly number[] =>
  [...leases].map(([runId, leaseUntil]) => {
    const next = journal.find((one) => one.runId === runId && one.pid !== pid && one.at >= readyAt);
    return (next?.at ?? Number.POSITIVE_INFINITY) - Math.max(readyAt, leaseUntil);
  });

/** A cloud in another process, which may be killed as a whole. */
async function openOther(
  { dataDir, journal, names }: { dataDir: string; journal: string; names: readonly string[] },
  onTestFinished: OnFinished,
) {
  const script = fileURLToPath(new URL("crash-cloud.ts", import.meta.url));
  const killed = spawn(process.execPath, [script, dataDir, journal, ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void killed.kill("SIGKILL"));
  const [line] = (await once(killed.stdout, "data")) as [Buffer];
  return { killed, ...(JSON.parse(line.toString()) as { url: string; pid: number; runIds: string[] }) };
}

describe.concurrent("an app in a process of its own", { timeout: 120_000 }, () => {
  it("is killed twice with five runs in flight: all go on within a second, and only steps in flight run again", async ({
    expect,
    onTestFinished,
  }) => {
    const { cloud, read } = await openCloud(onTestFinished);
    const names = ["sequence", "sequence", "parallel", "between", "sleeper"];
    const runIds = await Promise.all(names.map((name) => start(cloud, name)));
    const [sequence = "", , parallel = "", between = ""] = runIds;
    const has = (runId: string, what: Entry["what"], step: string) =>
      read().some((one) => one.runId === runId && one.what === what && one.step === step);

    await until("runs are in a body, in parallel steps, and between steps", () =>
      [has(sequence, "begun", "b"), has(parallel, "ended", "p1"), has(between, "between", "")].every(Boolean),
    );
    const first = await kill(cloud, read);
    expect(first.leases.size).toBe(4);
    await until("the runs have been taken over", () => has(sequence, "begun", "e"));
    const second = await kill(cloud, read);
    const runs = await Promise.all(runIds.map((id) => cloud.waitForRun(id)));

    expect(runs.map(({ status }) => status)).toEqual(names.map(() => "completed"));
    const kills = [first, second];
    for (const { id, steps } of runs) {
      const bodies = steps.filter(({ kind }) => kind === "run").map((step) => step.id);
      const deaths = (step: string) => kills.filter(({ inFlight }) => inFlight.includes(`${id} ${step}`)).length;
      expect(executions(read(), id)).toEqual(Object.fromEntries(bodies.map((step) => [step, 1 + deaths(step)])));
    }
    expect(first.inFlight).toEqual(expect.arrayContaining([`${parallel} p4`, `${parallel} p5`]));
    for (const one of kills) expect(Math.max(...delays(read(), one))).toBeLessThan(GOES_ON_WITHIN_MS + BUSY_MS);
  });

  it("is frozen past its leases: another takes over, and what it brings when it wakes up is dropped", async ({
    expect,
    onTestFinished,
  }) => {
    const { cloud, read, go } = await openCloud(onTestFinished);
    const runIds = await Promise.all(["frozen", "frozen", "frozen"].map((name) => start(cloud, name)));
    const count = (pid: number, what: Entry["what"]) =>
      read().filter((one) => one.pid === pid && one.what === what).length;
    const { pid: first = 0 } = cloud.app;
    await until("all are in their steps", () => count(first, "begun") === 3);

    process.kill(first, "SIGSTOP");
    onTestFinished(() => {
      if (isAlive(first)) process.kill(first, "SIGKILL");
    });
    await until("another process is ready", () => (cloud.app.pid ?? first) !== first);
    const { pid: second = 0 } = cloud.app;
    await until("it has taken the runs over", () => count(second, "begun") === 3);
    go();
    const values = async () =>
      (await Promise.all(runIds.map((id) => cloud.run(id)))).map((run) => run?.steps[0]?.output);
    await until("they have their results", async () => (await values()).every((value) => value !== undefined));
    process.kill(first, "SIGCONT");
    await until("the first process has ended its steps too", () => count(first, "ended") === 3);
    await until("it is gone", () => !isAlive(first));

    expect(await values()).toEqual([second, second, second]);
    await cloud.send({ name: "crash/checked", data: { id: "frozen" } });
    const runs = await Promise.all(runIds.map((id) => cloud.waitForRun(id)));
    expect(runs.map(({ status, output }) => [status, output])).toEqual(runIds.map(() => ["completed", second]));
    for (const id of runIds) expect(executions(read(), id)).toEqual({ work: 2 });
    expect(cloud.app.starts).toBe(2);
  });

  it("dies with its whole cloud: after a restart on the same data every run goes on, and sleeps end when they would have", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = temporaryFolder(onTestFinished);
    const [dataDir, journal] = [join(folder, "data"), join(folder, "journal")];
    const names = ["sleeper", "sleeper", "sequence", "parallel", "between"];
    const { killed, url, pid, runIds } = await openOther({ dataDir, journal, names }, onTestFinished);
    const look = async (id: string) => (await (await fetch(`${url}/api/runs/${id}`)).json()) as RunView;
    const sleepOf = ({ steps }: RunView) => steps.find(({ kind }) => kind === "sleep");
    const sleepers = runIds.slice(0, 2);
    await until("two sleep", async () =>
      (await Promise.all(sleepers.map(look))).every(({ status }) => status === "sleeping"),
    );
    const asleep = await Promise.all(sleepers.map(look));
    const isInB = ({ runId, step }: Entry) => runId === runIds[2] && step === "b";
    await until("the sequence is in its second step", () => readJournal(journal).some(isInB));

    killed.kill("SIGKILL");
    await until("the app's process has followed its cloud", () => !isAlive(pid));
    const { logger } = collectLines();
    const cloud = await startLocal({ entry, dataDir, logger, env: { JOURNAL: journal, GO: "" } });
    onTestFinished(() => cloud.close());
    const runs = await Promise.all(runIds.map((id) => cloud.waitForRun(id)));

    expect(runs.map(({ status }) => status)).toEqual(names.map(() => "completed"));
    const due = asleep.map((run) => (sleepOf(run)?.startedAt ?? 0) + SLEEP_MS);
    expect(runs.slice(0, 2).map((run) => sleepOf(run)?.endedAt)).toEqual(due);
    const counts = runIds.map((id) => executions(readJournal(journal), id));
    expect(counts.slice(0, 2)).toEqual([0, 1].map(() => ({ before: 1, after: 1 })));
    expect(Object.values(counts[2] ?? {}).toSorted()).toEqual([1, 1, 1, 1, 1, 2]);
    for (const times of counts.flatMap((each) => Object.values(each))) expect(times).toBeLessThanOrEqual(2);
  });

  it("does not outlive its cloud, even if its code never lets go of the event loop", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = temporaryFolder(onTestFinished);
    const [dataDir, journal] = [join(folder, "data"), join(folder, "journal")];
    const { killed, pid } = await openOther({ dataDir, journal, names: ["endless"] }, onTestFinished);
    await until("it turns in a circle", () => readJournal(journal).length > 0);
    expect(isAlive(pid)).toBe(true);
    killed.kill("SIGKILL");
    await until("it is gone", () => !isAlive(pid));
  });
});
