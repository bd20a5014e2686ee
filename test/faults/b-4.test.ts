import { describe, expect, it } from "vitest";
import { type Scenario, START, START_EVENT } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { busEvent, runOfStart } from "./on-stage.ts";
import { open } from "./stage.ts";

const STOP = { id: "stop", name: "laws/stop", data: { id: 7 } };

const cancellable = (options: object): Scenario => ({
  name: "a run that an event may cancel",
  functions: one(({ step }) => step.sleep("nap", "1d"), {
    cancelOn: [{ event: STOP.name, match: "data.id", timeout: "3h" }],
    ...options,
  }),
});

/** A run, and an event of its `cancelOn` that the bus has accepted so long after the run's own, in ms, and delivers so much later. */
async function statusAfter(acceptedMs: number, deliveredMs: number, options: object = {}): Promise<string | undefined> {
  const stage = await open(cancellable(options));
  // In the middle of a second: bus time has whole ones.
  await stage.pass(10_500);
  const now = stage.aws.clock.now();
  const ahead = { ...START_EVENT, id: "ahead" };
  if ("throttle" in options) await stage.cloud.send(ahead);
  await stage.doors.world.queue.sendToRouter(busEvent(START_EVENT, now) as never);
  await stage.pass(0);
  const [run] = await stage.cloud.runsOf(START_EVENT.id);
  await stage.pass(Math.max(0, acceptedMs) + deliveredMs);
  await stage.doors.world.queue.sendToRouter(busEvent(STOP, now + acceptedMs) as never);
  await stage.pass(MINUTE_MS);
  return (await stage.cloud.run(run?.id))?.status;
}

describe("B-4: only events after the run was scheduled cancel it (bus time is in seconds)", () => {
  it.each([
    [-HOUR_MS, 0, "sleeping"],
    [-HOUR_MS, 2 * HOUR_MS, "sleeping"],
    [-1_000, 0, "sleeping"],
    [-501, 0, "sleeping"],
    // The same second, before or after in it: nobody can tell, and a cancellation that is asked for is not to be lost.
    [-500, 0, "cancelled"],
    [0, 0, "cancelled"],
    [499, 0, "cancelled"],
    [500, 0, "cancelled"],
    [HOUR_MS, 0, "cancelled"],
    // Accepted before the option's timeout counts, however late it is delivered; after it does not.
    [3 * HOUR_MS - 1_000, HOUR_MS, "cancelled"],
    [3 * HOUR_MS + 1_000, 0, "sleeping"],
  ])("accepted %d ms after the run's event, and delivered %d ms later: %s", async (acceptedMs, deliveredMs, status) => {
    expect(await statusAfter(acceptedMs, deliveredMs)).toBe(status);
  });

  it("a run that waits for its start is cancelled by events after it was scheduled, not by those before", async () => {
    const throttle = { limit: 1, period: "2h", burst: 0 };
    expect(await statusAfter(-1_000, MINUTE_MS, { throttle })).toBe("queued");
    expect(await statusAfter(MINUTE_MS, 0, { throttle })).toBe("cancelled");
  });

  it("the event that has started a run does not cancel it; the next one of its name does", async () => {
    const stage = await open({
      functions: one(({ step }) => step.sleep("nap", "1d"), { cancelOn: [{ event: START, match: "data.id" }] }),
    });
    const first = runOfStart(stage);
    await stage.cloud.send(START_EVENT);
    // Delivered again by the bus, too.
    await stage.doors.world.queue.sendToRouter(busEvent(START_EVENT, stage.aws.clock.now()) as never);
    await stage.pass(MINUTE_MS);
    expect((await stage.cloud.run(first))?.status).toBe("sleeping");
    await stage.cloud.send({ ...START_EVENT, id: "second" });
    await stage.pass(MINUTE_MS);
    const [second] = await stage.cloud.runsOf("second");
    expect([(await stage.cloud.run(first))?.status, second?.status]).toEqual(["cancelled", "sleeping"]);
  });
});
