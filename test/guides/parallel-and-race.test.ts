import { expect, it } from "vitest";
import { finish, openCloud, start, stepwell } from "../scenarios/cloud.ts";

let atOnce = 0;
let most = 0;
/** Takes a turn of the event loop or more, so that others can begin meanwhile. */
const busy = async <T>(result: T): Promise<T> => {
  atOnce += 1;
  most = Math.max(most, atOnce);
  await new Promise((resolve) => setImmediate(resolve));
  atOnce -= 1;
  return result;
};
const shops = { price: async (shop: string) => busy(shop.length) };

// #region parallel
const compare = stepwell.createFunction({ id: "compare" }, { event: "shop/compare" }, async ({ event, step }) => {
  const names: string[] = event.data.shops;
  const prices = await Promise.all(names.map((shop) => step.run(`price-of-${shop}`, () => shops.price(shop))));
  return Math.min(...prices);
});
// #endregion

it("steps that are asked for together run together", async () => {
  const run = await finish(await openCloud([compare]), {
    name: "shop/compare",
    data: { shops: ["berlin", "rome", "lisbon"] },
  });
  expect(run.output).toBe(4);
  expect(most).toBe(3);
});

// #region race
const support = stepwell.createFunction({ id: "support" }, { event: "shop/ticket.opened" }, async ({ step }) => {
  const first = await Promise.race([
    step.waitForEvent("answered", { event: "shop/ticket.answered", match: "data.ticket", timeout: "30d" }),
    step.sleep("patience", "2d").then(() => "late" as const),
  ]);
  if (first === "late") await step.run("escalate", () => "to the boss");
  return first === "late" ? "escalated" : "answered";
});
// #endregion

it("the first one decides, and does so in every replay", async () => {
  const cloud = await openCloud([support]);
  const open = (ticket: string) => start(cloud, { name: "shop/ticket.opened", data: { ticket } });
  const [quick, slow] = [await open("t1"), await open("t2")];
  await cloud.send({ name: "shop/ticket.answered", data: { ticket: "t1" } });
  expect(await cloud.waitForRun(quick.id)).toMatchObject({ output: "answered" });
  expect(await cloud.waitForRun(slow.id)).toMatchObject({ output: "escalated" });
});

it("branches have steps of their own, and one that fails need not end the others", async () => {
  // #region settled
  const sync = stepwell.createFunction({ id: "sync", retries: 0 }, { event: "shop/sync" }, async ({ step }) => {
    const branch = async (name: string) => {
      const rows = await step.run(`read-${name}`, () => {
        if (name === "b") throw new Error("no such table");
        return 2;
      });
      return step.run(`write-${name}`, () => rows);
    };
    const results = await Promise.allSettled([branch("a"), branch("b"), branch("c")]);
    return results.map(({ status }) => status);
  });
  // #endregion
  const run = await finish(await openCloud([sync]), { name: "shop/sync" });
  expect(run.output).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(run.steps.map(({ id }) => id).sort()).toEqual(["read-a", "read-b", "read-c", "write-a", "write-c"]);
});

it("a group gives up what has lost", async () => {
  const heard: string[] = [];
  const engines = {
    quick: async (text: string) => text.toUpperCase(),
    thorough: async (text: string, signal: AbortSignal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      heard.push("given up");
      return text;
    },
  };
  // #region group
  const translate = stepwell.createFunction(
    { id: "translate" },
    { event: "shop/text" },
    async ({ event, step, group }) =>
      group.parallel({ mode: "race" }, () =>
        Promise.race([
          step.run("quick", () => engines.quick(event.data.text)),
          step.run("thorough", ({ signal }) => engines.thorough(event.data.text, signal)),
          step.sleep("patience", "1h").then(() => "too late"), // closed with the others
        ]),
      ),
  );
  // #endregion
  const run = await finish(await openCloud([translate]), { name: "shop/text", data: { text: "hello" } });
  expect(run.output).toBe("HELLO");
  expect(heard).toEqual(["given up"]);
  expect(run.steps.find(({ id }) => id === "patience")).toMatchObject({ status: "cancelled" });
});

it("fanout gives each parallel step an invocation of its own, and goes on once", async () => {
  const video = { render: (scene: string) => `${scene}.mp4`, join: (files: string[]) => files.join("+") };
  // #region fanout
  const render = stepwell.createFunction(
    { id: "render", parallelism: "fanout" },
    { event: "video/uploaded" },
    async ({ event, step }) => {
      const scenes: string[] = event.data.scenes;
      const files = await Promise.all(scenes.map((scene) => step.run(scene, () => video.render(scene)))); // a Lambda each
      return step.run("join", () => video.join(files)); // alone: in the run's own invocation
    },
  );
  // #endregion
  const cloud = await openCloud([render]);
  const run = await finish(cloud, { name: "video/uploaded", data: { scenes: ["a", "b", "c"] } });
  expect(run.output).toBe("a.mp4+b.mp4+c.mp4");
  expect(cloud.meter().invocations).toBe(1 + 3 + 1);
});
