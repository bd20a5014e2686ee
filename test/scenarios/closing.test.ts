import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LocalCloud } from "stepwell/local";
import { expect, it } from "vitest";
import { type Line, on, openCloud, start } from "./cloud.ts";

const CLOSED = { code: "STEPWELL_CLOSED", message: "This local cloud is closed." };

it.each(["virtual", "real"])(
  "a process that closes a cloud on the %s clock exits, also with a handler that hangs",
  async (clock) => {
    const script = fileURLToPath(new URL("../local/hung-cloud.ts", import.meta.url));
    // Rejects unless the exit code is 0.
    expect(await promisify(execFile)(process.execPath, [script, clock])).toEqual({ stdout: "", stderr: "" });
  },
);

it.each(["virtual", "real"] as const)(
  "what a handler does after close on the %s clock fails quietly",
  async (clock) => {
    const [begun, gate, gone] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const lines: Line[] = [];
    const late = on("late", async ({ step }) => {
      await step.run("wait", async () => {
        begun?.resolve();
        await gate?.promise;
        // The result is written after the body has ended.
        setImmediate(() => setImmediate(() => gone?.resolve()));
      });
      await step.run("after", () => 1);
    });
    const cloud = await openCloud([late], { clock }, lines);
    await cloud.send({ name: "shop/late", data: {} });
    await begun?.promise;
    await cloud.close();
    const before = lines.length;
    gate?.resolve();
    await gone?.promise;
    expect(lines.slice(before)).toEqual([]);
  },
);

const methods: readonly (readonly [name: string, call: (cloud: LocalCloud) => Promise<unknown>])[] = [
  ["send", (cloud) => cloud.send({ name: "shop/a", data: {} })],
  ["runsOf", (cloud) => cloud.runsOf("e")],
  ["run", (cloud) => cloud.run("r")],
  ["waitForRun", (cloud) => cloud.waitForRun("r")],
  ["passTime", (cloud) => cloud.passTime("1d")],
  ["sweep", (cloud) => cloud.sweep()],
  ["fire", (cloud) => cloud.fire("f")],
  ["deadLetters", (cloud) => cloud.deadLetters()],
  ["redrive", (cloud) => cloud.redrive()],
];

it.each(methods)("%s after close is refused", async (_name, call) => {
  const cloud = await openCloud([]);
  await cloud.close();
  await expect(call(cloud)).rejects.toMatchObject(CLOSED);
});

it("waitForRun that is under way at close is refused too", async () => {
  const nap = on("nap", ({ step }) => step.sleep("nap", "1d"));
  const cloud = await openCloud([nap], { clock: "real" });
  const run = await start(cloud, { name: "shop/nap", data: {} });
  const waiting = expect(cloud.waitForRun(run.id)).rejects.toMatchObject(CLOSED);
  await cloud.close();
  await waiting;
});

it("the meter can be read after close, and closing twice is fine", async () => {
  const cloud = await openCloud([]);
  const used = cloud.meter();
  await cloud.close();
  await cloud.close();
  expect(cloud.meter()).toEqual(used);
});
