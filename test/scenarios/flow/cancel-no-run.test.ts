import { expect, it } from "vitest";
import { runIdOf } from "../../../lambdas/engine/run-id.ts";
import { ids, openFlow, worker } from "./stage.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const APP = { env: "main", app: "laws" };
const DEBOUNCE = { debounce: { period: 10 * SECOND } };

it("a run that is cancelled while it is debounced, and then skipped by its singleton, has its record", async () => {
  const singleton = { singleton: { mode: "skip" } };
  const { cloud, doors, go, pass } = await openFlow((app) => [
    worker(app, "work", { ...DEBOUNCE, ...singleton }, 60 * SECOND),
  ]);
  await go("work", ["first"]);
  await pass(15 * SECOND);
  await go("work", ["second"]);
  const [waiting] = await cloud.runsOf("second");
  await doors.api.cancel({ ...APP, runId: waiting?.id ?? "" });
  await pass(HOUR);
  expect(await cloud.runsOf("second")).toMatchObject([
    { id: waiting?.id, status: "skipped", skipped: { reason: "singleton" } },
  ]);
  expect(await cloud.runs()).toHaveLength(2);
});

it("a cancellation of a run that an event would have had alone does not keep it from its debounce", async () => {
  const stage = await openFlow((app) => [worker(app, "work", DEBOUNCE, SECOND)]);
  const { cloud, doors, go, pass } = stage;
  const at = stage.aws.clock.now();
  await doors.api.cancel({ ...APP, runId: runIdOf({ app: "laws", functionId: "work" }, "r000", at) });
  await go("work", ids(2));
  await pass(HOUR);
  const [superseded] = await cloud.runsOf("r000");
  const [run] = await cloud.runsOf("r001");
  expect(run).toMatchObject({ status: "completed" });
  expect(superseded).toMatchObject({ status: "skipped", skipped: { reason: "debounce", runId: run?.id } });
});
