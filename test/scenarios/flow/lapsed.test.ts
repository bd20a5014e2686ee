import { expect, it } from "vitest";
import { disturb, late } from "../../../sim/mail.ts";
import { APP } from "../../laws/harness.ts";
import { ids, openFlow, worker } from "./stage.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const open = () => openFlow((app) => [worker(app, "work", { concurrency: 1 }, SECOND)]);

it("a slot that is kept free for a run whose message is late goes to the next one", async () => {
  const stage = await open();
  // An event is routed after a minute, and its run is kept a slot for 30 seconds; its message takes another minute.
  disturb(stage.aws, late(MINUTE), APP);
  await stage.go("work", ["late"]);
  await stage.pass(35 * SECOND);
  await stage.go("work", ["next"]);
  await stage.pass(HOUR);
  expect(stage.watch.began.toSorted()).toEqual(["late", "next"]);
  expect(stage.watch.most("work")).toBe(1);
});

it("a slot of a run that nobody knows any more is free when its time is over", async () => {
  const { cloud, doors, aws, go, pass, watch } = await open();
  await go("work", ["first"]);
  await pass(MINUTE);
  const [first] = await cloud.runsOf("first");
  const address = { env: "main", app: "laws", runId: first?.id ?? "" };
  const [gate] = (await doors.world.runs.header(address))?.gates ?? [];
  if (gate === undefined) throw new Error("The run has no gate.");
  await doors.world.gates.take(address, gate, {
    runId: "GHOST",
    slot: { until: aws.clock.now() + MINUTE, fence: 1 },
    opening: {
      ...{ kind: "room", shard: 0, as: "new", unused: false, share: 1, held: 0, promises: 0, reserved: 0 },
      dead: { holders: {}, promised: {} },
    },
  });
  await go("work", ids(2));
  await pass(50 * SECOND);
  expect(watch.began).toEqual(["first"]);
  await pass(20 * SECOND);
  await doors.sweep();
  await pass(HOUR);
  expect(watch.began).toEqual(["first", ...ids(2)]);
});
