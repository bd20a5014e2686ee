import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startLocal } from "stepwell/local";
import { stepwell } from "../src/client.ts";
import { functions } from "../src/functions/index.ts";

/** A cloud in this process, whose clock stands still until `passTime` or `waitForRun` moves it: three days take a moment. */
async function signUp(t: TestContext) {
  const cloud = await startLocal({ client: stepwell, functions, clock: "virtual" });
  t.after(() => cloud.close());
  const data = { userId: "u1", email: "u1@example.com" };
  const { ids } = await cloud.send({ name: "my-app/user.signed-up", data });
  const [run] = await cloud.runsOf(ids[0]);
  return { cloud, run };
}

test("a user who confirms the address gets tips a day later", async (t) => {
  const { cloud, run } = await signUp(t);
  await cloud.send({ name: "my-app/user.confirmed", data: { userId: "u1" } });
  const done = await cloud.waitForRun(run?.id);
  assert.equal(done.status, "completed");
  assert.deepEqual(done.output, { welcomed: true, subject: "Three things to try" });
});

test("a user who does not is left alone after three days", async (t) => {
  const { cloud, run } = await signUp(t);
  await cloud.send({ name: "my-app/user.confirmed", data: { userId: "somebody-else" } });
  await cloud.passTime("2d");
  assert.equal((await cloud.run(run?.id))?.status, "waiting");
  const done = await cloud.waitForRun(run?.id);
  assert.deepEqual(done.output, { welcomed: false });
});
