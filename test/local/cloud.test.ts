import { expect, it } from "vitest";
import { startLocal } from "../../local/index.ts";
import { on, openCloud, start } from "../scenarios/cloud.ts";

it("startLocal without arguments says what is missing", async () => {
  const careless = startLocal as () => Promise<unknown>;
  await expect(careless()).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: "startLocal: client: must be what `new Stepwell(…)` made, got undefined.",
  });
});

it("passing the duration of a sleep wakes it exactly", async () => {
  const cloud = await openCloud([on("nap", ({ step }) => step.sleep("nap", "1d"))]);
  const run = await start(cloud, { name: "shop/nap", data: {} });
  await cloud.passTime("1d");
  expect((await cloud.run(run.id))?.status).toBe("completed");
});

it("waitForRun gives up on a handler that runs code for ever, and says so", async () => {
  const cloud = await openCloud([on("hang", () => new Promise(() => {}))]);
  const run = await start(cloud, { name: "shop/hang", data: {} });
  await expect(cloud.waitForRun(run.id)).rejects.toMatchObject({
    code: "STEPWELL_RUN_STUCK",
    message: expect.stringMatching(/running code that is not a step.*still busy after 4 s of real time/),
  });
});

it("the run of an event that has started none may be asked for, and is refused by name", async () => {
  const cloud = await openCloud([]);
  const [run] = await cloud.runsOf("nothing");
  for (const asked of [cloud.waitForRun(run?.id), cloud.run(run?.id)])
    await expect(asked).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
});

it.each(["/api", "/api/"])("%s says what this is, and lists the routes", async (path) => {
  const cloud = await openCloud([]);
  const response = await fetch(`${cloud.url}${path}`);
  expect(response.status).toBe(200);
  const routes = expect.arrayContaining(["GET /api/runs/<id>", "POST /api/events"]);
  expect(await response.json()).toMatchObject({ name: "stepwell", app: "shop", environment: "main", routes });
});
