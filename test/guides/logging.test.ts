import { Stepwell } from "stepwell";
import { expect, it } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";

// #region log
const greet = stepwell.createFunction({ id: "greet" }, { event: "shop/greet" }, async ({ event, step, logger }) => {
  logger.info("greeting", { user: event.data.user });
  await step.sleep("a-while", "1d");
  logger.info("a day later"); // and "greeting" is not written again
});
// #endregion

it("a line is written once, however often its code runs", async () => {
  const lines: { message: string }[] = [];
  const cloud = await openCloud([greet], {}, lines as never);
  await finish(cloud, { name: "shop/greet", data: { user: "ann" } });
  const own = lines.filter(({ message }) => ["greeting", "a day later"].includes(message));
  expect(own).toMatchObject([{ message: "greeting", fields: { user: "ann" } }, { message: "a day later" }]);
});

it("a client may have a logger of its own", async () => {
  const lines: unknown[] = [];
  const pino = () => ({ debug() {}, info: (...line: unknown[]) => lines.push(line), warn() {}, error() {} });
  // #region own
  const client = new Stepwell({ id: "shop", logger: pino() });
  // #endregion
  const fn = client.createFunction({ id: "a" }, { event: "shop/a" }, ({ logger }) => logger.info({ n: 1 }, "done"));
  await finish(await openCloud([fn], { client }), { name: "shop/a" });
  expect(lines).toEqual([[{ n: 1 }, "done"]]);
});
