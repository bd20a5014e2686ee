import { it } from "vitest";
import { Stepwell } from "stepwell";
import { startLocal } from "stepwell/local";

const stepwell = new Stepwell({ id: "shop" });
const five = stepwell.createFunction({ id: "five" }, { event: "shop/five" }, async ({ event, step }) => {
  let n = event.data.n as number;
  for (let i = 0; i < 5; i++) n = await step.run("add", () => n + 1);
  return { n };
});
const naps = stepwell.createFunction({ id: "naps" }, { event: "shop/nap" }, async ({ step }) => {
  await step.sleep("short", "10s");
  await step.run("between", () => 1);
  await step.sleep("long", "2d");
  return "awake";
});
const waits = stepwell.createFunction({ id: "waits" }, { event: "shop/wait" }, async ({ step }) => {
  const e = await step.waitForEvent("w", { event: "shop/go", match: "data.id", timeout: "1d" });
  const child = await step.invoke("child", { function: five, data: { n: 1 } });
  return { go: e?.data ?? null, child };
});

it("smokes", async () => {
  const cloud = await startLocal({ client: stepwell, functions: [five, naps, waits], clock: "virtual" });
  const { ids } = await cloud.send({ name: "shop/five", data: { n: 1 } });
  const [run] = await cloud.runsOf(ids[0]);
  console.log(await cloud.waitForRun(run!.id));
  console.log(cloud.meter());
  const nap = await cloud.send({ name: "shop/nap", data: {} });
  const [r2] = await cloud.runsOf(nap.ids[0]);
  console.log((await cloud.waitForRun(r2!.id)).steps);
  console.log(cloud.meter());
  const w = await cloud.send({ name: "shop/wait", data: { id: 7 } });
  const [r3] = await cloud.runsOf(w.ids[0]);
  await cloud.send({ name: "shop/go", data: { id: 8 } });
  await cloud.send({ name: "shop/go", data: { id: 7, x: "y" } });
  const done = await cloud.waitForRun(r3!.id);
  console.log(done, done.steps);
  await cloud.close();
});
