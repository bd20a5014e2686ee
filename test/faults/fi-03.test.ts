import { describe, expect, it } from "vitest";
import type { Fault, FaultKind } from "../../sim/faults.ts";
import { disturb, twice } from "../../sim/mail.ts";
import { APP, type Stage } from "../laws/harness.ts";
import { MINUTE_MS } from "../laws/scenarios.ts";
import { firedBy, openBucket, problemsAtRest, sendAt } from "./buckets.ts";
import { close, writesAmong } from "./stage.ts";

const DAY_MS = 86_400_000;

/** Applied, and then: an error, a repeat by the SDK, the end of the process. */
const AMBIGUOUS: readonly FaultKind[] = ["failAfter", "repeat", "crashAfter"];

/** A batch that its time closes, since it never fills up. */
async function slowBatch(faults: readonly Fault[], prepare: (stage: Stage) => void = () => {}): Promise<Stage> {
  const stage = await openBucket({ batchEvents: { maxSize: 10, timeoutMs: 5 * MINUTE_MS } }, faults);
  prepare(stage);
  await sendAt(stage, [{ id: "a", ts: 1 }]);
  await stage.pass(2 * MINUTE_MS);
  await sendAt(stage, [{ id: "b", ts: 2 }]);
  await stage.pass(3 * DAY_MS);
  return stage;
}

/** A batch that its second event fills up. */
async function fullBatch(faults: readonly Fault[]): Promise<Stage> {
  const stage = await openBucket({ batchEvents: { maxSize: 2, timeoutMs: DAY_MS } }, faults);
  await sendAt(stage, [{ id: "a", ts: 1 }]);
  await sendAt(stage, [{ id: "b", ts: 2 }]);
  await stage.pass(2 * DAY_MS);
  return stage;
}

describe("FI-03 an open batch has its flush, and each event is in exactly one batch", { timeout: 300_000 }, () => {
  it.each([
    ["its time closes", slowBatch],
    ["its size closes", fullBatch],
  ])("whatever write of the router was applied and answered with an error: %s it", async (_, play) => {
    const calm = await play([]);
    const calls = [...calm.faults.calls];
    await close(calm);
    const bucket = writesAmong(calls).filter((at) => /bucket#|PutItem run#|flush|schedules/.test(calls[at - 1] ?? ""));
    expect(bucket.length).toBeGreaterThanOrEqual(5);
    for (const at of bucket)
      for (const kind of AMBIGUOUS) {
        const stage = await play([{ kind, at }]);
        const problems = await problemsAtRest(stage, ["a", "b"]);
        expect({ at: calls[at - 1], kind, problems }).toMatchObject({ problems: [] });
        const { events } = await firedBy(stage, "a");
        // Whichever came first.
        expect({ at: calls[at - 1], kind, events: events.toSorted() }).toMatchObject({ events: ["a", "b"] });
        await close(stage);
      }
  });

  it.each([0, 2 * DAY_MS])("also when every message is delivered again %i ms later", async (laterMs) => {
    const stage = await slowBatch([], ({ aws }) => disturb(aws, twice(laterMs), APP));
    expect(await problemsAtRest(stage, ["a", "b"])).toEqual([]);
    expect((await firedBy(stage, "a")).events).toEqual(["a", "b"]);
  });

  it("an event that is delivered again while the next batch is open is not put into that one as well", async () => {
    const stage = await openBucket({ batchEvents: { maxSize: 10, timeoutMs: MINUTE_MS } });
    disturb(stage.aws, (message) => (message === 0 ? [0, 3 * MINUTE_MS + 30_000] : [0]), APP);
    await sendAt(stage, [{ id: "a", ts: 1 }]);
    await stage.pass(3 * MINUTE_MS);
    await sendAt(stage, [{ id: "b", ts: 2 }]);
    await stage.pass(DAY_MS);
    expect(await problemsAtRest(stage, ["a", "b"])).toEqual([]);
    expect([(await firedBy(stage, "a")).events, (await firedBy(stage, "b")).events]).toEqual([["a"], ["b"]]);
  });
});
