import { expect, it } from "vitest";
import { openCloud, start, stepwell } from "../scenarios/cloud.ts";

// #region wait
const publish = stepwell.createFunction({ id: "publish" }, { event: "shop/text.written" }, async ({ event, step }) => {
  const answer = await step.waitForSignal<{ by: string }>("approval", {
    signal: `approve/${event.data.textId}`, // one step at a time waits for a name
    timeout: "7d",
  });
  return answer === null ? "nobody read it" : `approved by ${answer.data.by}`;
});
// #endregion

it("a signal reaches the one run that waits for its name", async () => {
  const cloud = await openCloud([publish]);
  const write = (textId: string) => start(cloud, { name: "shop/text.written", data: { textId } });
  const [first, second] = [await write("t1"), await write("t2")];
  // #region send
  await stepwell.sendSignal({ signal: "approve/t1", data: { by: "Ann" } });
  // #endregion
  expect(await cloud.waitForRun(first.id)).toMatchObject({ output: "approved by Ann" });
  expect(await cloud.waitForRun(second.id)).toMatchObject({ output: "nobody read it" });
});

it("a step sends a signal once, however often its run is tried", async () => {
  let tries = 0;
  const indexed: string[] = [];
  const library = {
    add: (textId: string) => {
      tries += 1;
      if (tries === 1) throw new Error("the library is closed");
      indexed.push(textId);
    },
  };
  // #region step
  const review = stepwell.createFunction({ id: "review" }, { event: "shop/text.read" }, async ({ event, step }) => {
    const { textId, by } = event.data;
    await step.sendSignal("approve", { signal: `approve/${textId}`, data: { by } });
    await step.run("add-to-library", () => library.add(textId));
  });
  // #endregion
  const cloud = await openCloud([publish, review]);
  const text = await start(cloud, { name: "shop/text.written", data: { textId: "t3" } });
  const read = await start(cloud, { name: "shop/text.read", data: { textId: "t3", by: "Bob" } });
  expect(await cloud.waitForRun(read.id)).toMatchObject({ status: "completed" });
  expect(await cloud.run(text.id)).toMatchObject({ output: "approved by Bob" });
  expect(indexed).toEqual(["t3"]);
});

it("the latest wait may take a name over", async () => {
  // #region replace
  const session = stepwell.createFunction({ id: "session" }, { event: "shop/login" }, async ({ event, step }) => {
    const over = await step.waitForSignal("logout", {
      signal: `session/${event.data.userId}`,
      timeout: "12h",
      onConflict: "replace",
    });
    return over === null ? "replaced, or timed out" : "logged out";
  });
  // #endregion
  const cloud = await openCloud([session]);
  const login = () => start(cloud, { name: "shop/login", data: { userId: "u1" } });
  const old = await login();
  await cloud.passTime("1h"); // of two waits that begin in one millisecond neither is the later one
  const latest = await login();
  expect(await cloud.run(old.id)).toMatchObject({ status: "completed", output: "replaced, or timed out" });
  await cloud.sendSignal({ signal: "session/u1" });
  expect(await cloud.run(latest.id)).toMatchObject({ output: "logged out" });
});
