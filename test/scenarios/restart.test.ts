import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { finish, type Input, on, openCloud, start } from "./cloud.ts";

let dataDir = "";
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stepwell-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Runs a handler until it rests, then goes on with another version of it on the same data. */
async function redeploy(before: (input: Input) => unknown, after: (input: Input) => unknown, meanwhile = "0s") {
  const old = await openCloud([on("job", before)], { dataDir });
  const run = await start(old, { name: "shop/job", data: { id: 1 } });
  await old.passTime(meanwhile);
  await old.close();
  const cloud = await openCloud([on("job", after)], { dataDir });
  return { cloud, run };
}

it.each(["10s", "16m", "2d"])("a sleep of %s survives a restart", async (time) => {
  let bodies = 0;
  const handler = async ({ step }: Input) => {
    const begin = await step.run("begin", () => {
      bodies += 1;
      return Date.now();
    });
    await step.sleep("nap", time);
    return Date.now() - begin;
  };
  const { cloud, run } = await redeploy(handler, handler);
  expect((await cloud.run(run.id))?.status).toBe("sleeping");
  const done = await cloud.waitForRun(run.id);
  const ms = { "10s": 10_000, "16m": 960_000, "2d": 172_800_000 }[time] ?? 0;
  expect(done.status).toBe("completed");
  expect(done.output).toBeGreaterThanOrEqual(ms);
  expect(bodies).toBe(1);
});

it("the virtual clock goes on where it stood", async () => {
  const handler = async ({ step }: Input) => {
    const begin = await step.run("begin", () => Date.now());
    await step.sleep("nap", "20d");
    return Date.now() - begin;
  };
  const { cloud, run } = await redeploy(handler, handler, "15d");
  await cloud.passTime("4d");
  expect((await cloud.run(run.id))?.status).toBe("sleeping");
  await cloud.passTime("1d 2s");
  const done = await cloud.run(run.id);
  expect(done?.status).toBe("completed");
  expect((done?.output as number) - 20 * 86_400_000).toBeLessThanOrEqual(2_000);
});

it.each(["stepFunctions", "table"] as const)("a wait by %s survives a restart, and its timeout too", async (waits) => {
  const functions = [
    on("job", ({ step }) => step.waitForEvent("w", { event: "shop/go", match: "data.id", timeout: "3d" })),
  ];
  const old = await openCloud(functions, { dataDir, waits });
  const one = await start(old, { name: "shop/job", data: { id: 1 } });
  const two = await start(old, { name: "shop/job", data: { id: 2 } });
  await old.close();
  const cloud = await openCloud(functions, { dataDir, waits });
  await cloud.send({ name: "shop/go", id: "g", data: { id: 1 } });
  expect(await cloud.run(one.id)).toMatchObject({ status: "completed", output: { id: "g" } });
  expect((await cloud.run(two.id))?.status).toBe("waiting");
  expect(await cloud.waitForRun(two.id)).toMatchObject({ status: "completed", output: null });
});

it("waits set up one way are resolved after a switch to the other", async () => {
  const functions = [on("job", ({ step }) => step.waitForEvent("w", { event: "shop/go", timeout: "3d" }))];
  const old = await openCloud(functions, { dataDir, waits: "stepFunctions" });
  const run = await start(old, { name: "shop/job" });
  await old.close();
  const cloud = await openCloud(functions, { dataDir, waits: "table" });
  await cloud.send({ name: "shop/go" });
  expect((await cloud.run(run.id))?.status).toBe("completed");
});

it("a back-off and an invoke survive a restart", async () => {
  let tries = 0;
  const child = on("child", async ({ step }) => {
    await step.sleep("nap", "1d");
    await step.run("flaky", () => {
      if (tries++ < 3) throw new Error("again");
    });
    return "child";
  });
  const functions = [child, on("job", ({ step }) => step.invoke("call", { function: child }))];
  const old = await openCloud(functions, { dataDir });
  const run = await start(old, { name: "shop/job" });
  await old.close();
  const cloud = await openCloud(functions, { dataDir });
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "child" });
});

it("large payloads, ended runs and event ids survive a restart", async () => {
  const size = 5 * 1024 * 1024;
  let runs = 0;
  const functions = [
    on("job", async ({ event, step }) => {
      runs += 1;
      const text = await step.run("echo", () => event.data.text.slice(0, 1024 * 1024) as string);
      await step.sleep("nap", "1h");
      return [text.length, event.data.text];
    }),
  ];
  const old = await openCloud(functions, { dataDir });
  const event = { name: "shop/job", id: "e1", data: { text: "x".repeat(size) } };
  const run = await start(old, event);
  await old.close();
  const middle = await openCloud(functions, { dataDir });
  const done = await middle.waitForRun(run.id);
  expect((done.output as [number, string])[1]).toHaveLength(size);
  await middle.close();
  const last = await openCloud(functions, { dataDir });
  expect(await last.run(run.id)).toEqual(done);
  await last.send(event);
  expect(runs).toBe(2);
  expect((await last.runsOf("e1")).map(({ id }) => id)).toEqual([run.id]);
});

it("a step that is of another kind in the new code fails the run, with both sides shown", async () => {
  const { cloud, run } = await redeploy(
    async ({ step }) => {
      await step.run("prepare", () => 1);
      await step.sleep("pause", "1h");
    },
    async ({ step }) => {
      await step.sleep("prepare", "1h").catch(() => "caught");
      return "not reached";
    },
  );
  const done = await cloud.waitForRun(run.id);
  expect(done).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_STEP_MISMATCH" } });
  expect(done.error?.message).toMatch(/"prepare".*step\.run.*step\.sleep/);
});

it("steps may be added, and steps that the new code no longer asks for are kept", async () => {
  const { cloud, run } = await redeploy(
    async ({ step }) => {
      const a = await step.run("a", () => 1);
      const b = await step.run("b", () => 2);
      await step.sleep("pause", "1h");
      return a + b;
    },
    async ({ step }) => {
      const b = await step.run("b", () => 20);
      const c = await step.run("c", () => 30);
      await step.sleep("pause", "1h");
      return b + c;
    },
  );
  const done = await cloud.waitForRun(run.id);
  expect(done).toMatchObject({ status: "completed", output: 32 });
  expect(done.steps.map(({ id }) => id).sort()).toEqual(["a", "b", "c", "pause"]);
});

it.each(["2h", "2d"])("a run whose function is gone for %s goes on when it is back", async (gone) => {
  const job = on("job", async ({ step }) => {
    await step.sleep("pause", "1h");
    return "woken";
  });
  const old = await openCloud([job], { dataDir });
  const run = await start(old, { name: "shop/job" });
  await old.close();
  const without = await openCloud([on("other", () => 1)], { dataDir });
  await without.passTime(gone);
  expect(await without.run(run.id)).toMatchObject({ status: "sleeping", functionId: "job" });
  // Its wake-ups do not multiply meanwhile.
  for (let i = 0; i < 20; i++) await without.sweep();
  expect((await without.deadLetters()).length).toBeLessThanOrEqual(1);
  await without.close();
  const cloud = await openCloud([job], { dataDir });
  await cloud.passTime("10m");
  expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: "woken" });
});

it("a mismatch in a branch that nobody awaits is as loud as any", async () => {
  const { cloud, run } = await redeploy(
    async ({ step }) => {
      await step.run("first", () => 1);
      await step.run("second", () => 2);
      await step.sleep("pause", "1h");
    },
    async ({ step }) => {
      void step.run("first", () => 1).then(() => step.sleep("second", "1h"));
      return "done";
    },
  );
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "failed", error: { code: "STEPWELL_STEP_MISMATCH" } });
});

it("same id and kind with other input is no mismatch", async () => {
  const { cloud, run } = await redeploy(
    ({ step }) => step.sleep("pause", "1h"),
    async ({ step }) => {
      await step.sleep("pause", "10d");
      return "woken";
    },
  );
  await cloud.passTime("1h 1s");
  expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: "woken" });
});

it("crons of functions that are gone fire no more, and new ones do", async () => {
  const { Stepwell } = await import("stepwell");
  const client = new Stepwell({ id: "clock" });
  const fired: string[] = [];
  const tick = (id: string, cron: string) => client.createFunction({ id }, { cron }, () => void fired.push(id));
  const old = await openCloud([tick("kept", "0 0 * * *"), tick("gone", "0 1 * * *"), tick("moved", "0 2 * * *")], {
    client,
    dataDir,
  });
  await old.passTime("1d");
  expect(fired.sort()).toEqual(["gone", "kept", "moved"]);
  await old.close();
  fired.length = 0;
  const cloud = await openCloud([tick("kept", "0 0 * * *"), tick("moved", "30 2 * * *"), tick("new", "0 3 * * *")], {
    client,
    dataDir,
  });
  await cloud.passTime("1d");
  expect(fired.sort()).toEqual(["kept", "moved", "new"]);
});

it("two clouds in one process do not see each other", async () => {
  const functions = [on("job", ({ event }) => event.data.n)];
  const [a, b] = [await openCloud(functions), await openCloud(functions)];
  await a.passTime("10d");
  const inA = await finish(a, { name: "shop/job", id: "same", data: { n: "a" } });
  const inB = await finish(b, { name: "shop/job", id: "same", data: { n: "b" } });
  expect([inA.output, inB.output]).toEqual(["a", "b"]);
  expect(inA.queuedAt - inB.queuedAt).toBeGreaterThan(9 * 86_400_000);
  expect(a.url).not.toBe(b.url);
  expect(await b.run(inA.id)).toBeUndefined();
  expect(a.meter().writeUnits).toBe(b.meter().writeUnits);
});

it("a port that is taken is a clear error, and so is a data folder in use", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const attempt = openCloud([], { port });
  await expect(attempt).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: expect.stringMatching(new RegExp(`port.*${port}`)),
  });
  await new Promise((resolve) => taken.close(resolve));
  const first = await openCloud([], { port, dataDir });
  expect(first.url).toContain(`:${port}`);
  await expect(openCloud([], { dataDir })).rejects.toThrow(/in use|using it/);
});

it("process.env is left as it was, and close can be called twice", async () => {
  const before = { ...process.env };
  const cloud = await openCloud([
    on("job", () => Object.keys(process.env).filter((key) => key.startsWith("STEPWELL"))),
  ]);
  expect(await finish(cloud, { name: "shop/job" })).toMatchObject({ output: [] });
  expect({ ...process.env }).toEqual(before);
  await cloud.close();
  await cloud.close();
  expect({ ...process.env }).toEqual(before);
});
