import { describe, expect, it } from "vitest";
import { play, type Scenario, type Stage } from "../laws/harness.ts";
import { one } from "../laws/scenarios.ts";
import { callsWith, playOn, routed, type SmallEvent } from "./on-stage.ts";
import { outside, until } from "./stage.ts";

const PAID = { id: "paid", name: "laws/paid", data: { id: 7 } };

const headerOf = ({ doors, runIds }: Stage) =>
  doors.world.runs.header({ env: "main", app: "laws", runId: runIds[0] ?? "" });

/** Events are routed, and their wakes have met the run's holder, or are kept by it: all before whoever awaits this goes on. */
async function delivered(stage: Stage, events: readonly SmallEvent[]): Promise<void> {
  const { wakeSeq = 0 } = (await headerOf(stage)) ?? {};
  await routed(stage, events);
  await until(async () => ((await headerOf(stage))?.wakeSeq ?? 0) >= wakeSeq + events.length);
}

/** Plays a scenario: how its run stands while time has not passed yet, and what is wrong with the world at rest. */
async function playAtOnce(scenario: Scenario, prepare: (stage: Stage) => void) {
  let atOnce: unknown;
  const script = async ({ cloud }: Stage) => {
    const [run] = await cloud.runsOf("start");
    atOnce = run?.output;
  };
  const { run, problems } = await playOn({ ...scenario, script }, [], prepare);
  return { atOnce, output: run.output, problems };
}

/** Waits go by the table, so that each event is followed by its wake at once. */
const waits = "table";

describe("FI-14: a run suspends only if there is no input that it has not seen (L2)", () => {
  it("an event that comes before any call of a holder that is about to suspend is what it goes on with", async () => {
    const awaiting: Scenario = {
      name: "a wait beside a sleep, and a step before",
      waits,
      functions: one(async ({ step }, { notebook }) => {
        await notebook.step(step, "before");
        const paid = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "10m" });
        const nap = step.sleep("nap", "9m").then(() => "asleep");
        const first = await Promise.race([paid.then((event) => event?.id), nap]);
        await notebook.step(step, "after");
        return first;
      }),
    };
    const { calls } = await play(awaiting);
    const [listening = 0] = callsWith(calls, "PutItem listener#");
    const [asleep = 0] = callsWith(calls, "(SET #armed");
    expect(asleep).toBeGreaterThan(listening + 1);
    for (let k = listening + 1; k <= asleep; k++) {
      const played = await playAtOnce(awaiting, (stage) => {
        stage.faults.before = (_, at) => (at === k ? outside(() => delivered(stage, [PAID])) : undefined);
      });
      const call = calls[k - 1];
      expect({ call, ...played }).toEqual({ call, problems: [], atOnce: PAID.id, output: PAID.id });
    }
  });

  it("a wake that stands between its look at the holder and the raise, while that one suspends, takes the run", async () => {
    const body = Promise.withResolvers<void>();
    let on: Stage | undefined;
    const scenario: Scenario = {
      name: "a step beside a wait",
      waits,
      functions: one(async ({ step }, { notebook }) => {
        const paid = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "10m" });
        await notebook.step(step, "long", async () => {
          await outside(() => on !== undefined && routed(on, [PAID]));
          await body.promise;
        });
        return (await paid)?.id;
      }),
    };
    const played = await playAtOnce(scenario, (stage) => {
      on = stage;
      stage.faults.before = async (call) => {
        if (!call.includes("(SET #wakeSeq")) return;
        body.resolve();
        await outside(() => until(async () => (await headerOf(stage))?.owner === undefined));
      };
    });
    expect(played).toEqual({ problems: [], atOnce: PAID.id, output: PAID.id });
  });

  it("sixty parallel waits are all resolved, though every event comes while the run suspends", async () => {
    const ids = Array.from({ length: 60 }, (_, i) => i);
    const scenario: Scenario = {
      name: "sixty parallel waits",
      waits,
      functions: one(async ({ step }) => {
        const events = await Promise.all(
          ids.map((i) =>
            step.waitForEvent(`wait ${i}`, { event: "laws/paid", if: `async.data.n == ${i}`, timeout: "10m" }),
          ),
        );
        return events.map((event) => event?.data?.n);
      }),
    };
    const all = ids.map((n) => ({ id: `paid-${n}`, name: "laws/paid", data: { n } }));
    const waves = [all.slice(0, 1), all.slice(1, 30), all.slice(30)];
    const played = await playAtOnce(scenario, (stage) => {
      // Each time that it tries to suspend, the next ones come.
      stage.faults.before = (call) => {
        const wave = call.includes("(SET #armed") ? waves.shift() : undefined;
        return wave && outside(() => delivered(stage, wave));
      };
    });
    expect(played).toEqual({ problems: [], atOnce: ids, output: ids });
  });
});
