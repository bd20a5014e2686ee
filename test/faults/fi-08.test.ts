import { NonRetriableError, RetryAfterError } from "stepwell";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import type { Fault, FaultKind } from "../../sim/faults.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START, type Stage } from "../laws/harness.ts";
import { HOUR_MS, one } from "../laws/scenarios.ts";
import { close, itemsOf, open, outside } from "./stage.ts";

const LIMIT = 2;
const USERS = ["ann", "bob", "cem"];

/** Runs that hold, and give up, the slots of their users in every way: for a step, over a backoff, over a sleep, by failing for good. */
const working: Scenario["functions"] = one(
  async ({ step, event, attempt }, { slow }) => {
    await step.run("work", () => slow(1_000));
    await step.run("flaky", async () => {
      await slow(500);
      if (event.data.fails === "always") throw new NonRetriableError("always");
      if (event.data.fails === "once" && attempt === 0) throw new Error("once");
    });
    await step.sleep("rest", "5s");
    await step.run("again", () => slow(1_000));
  },
  { concurrency: { limit: LIMIT, key: "event.data.user" }, retries: { attempts: 9, backoff: "fixed" } },
);

/** Some runs fail for good, some fail once and back off. */
const FAILS = ["always", undefined, "once", undefined, "once"];

const eventsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `e${i}`,
    name: START,
    data: { user: USERS[i % USERS.length], fails: FAILS[i % 7] },
  }));

/** What a process can die of, or be told, at a call. */
const KINDS: readonly FaultKind[] = ["crashBefore", "crashAfter", "failBefore", "failAfter", "repeat"];

const draw = (seed: number, count: number, calls: number): readonly Fault[] => {
  const { fraction } = seededRandom(seed);
  return Array.from({ length: count }, () => ({
    kind: KINDS[Math.floor(fraction() * KINDS.length)] ?? "crashAfter",
    at: 1 + Math.floor(fraction() * calls),
  }));
};

/** The write by which a runner gives up its slot while nobody is in line. */
const GIVE_UP = "( REMOVE)";

/** The most slots of one gate that are held now. */
async function slotsHeld(stage: Stage): Promise<number> {
  const shards = (await itemsOf(stage)).filter(({ pk }) => pk.includes("#slots#"));
  return Math.max(0, ...shards.map(({ holders = {} }) => Object.keys(holders as object).length));
}

/** The most that the table has ever shown, looked at every so many calls. */
function watchSlots(stage: Stage, everyCalls: number): { most: number } {
  const seen = { most: 0 };
  stage.faults.before = async (_, at) => {
    if (at % everyCalls !== 0) return;
    seen.most = Math.max(seen.most, await outside(() => slotsHeld(stage)));
  };
  return seen;
}

/** How all runs have ended, by status. */
async function endsOf(stage: Stage, count: number): Promise<Readonly<Record<string, number>>> {
  const runs = (await Promise.all(eventsOf(count).map(({ id }) => stage.cloud.runsOf(id)))).flat();
  const byStatus = Map.groupBy(runs, ({ status }) => status);
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, of.length]));
}

/** How a run may rest, on a limit of one. */
const resting: Readonly<Record<string, Scenario["functions"]>> = {
  "a sleep": one(({ step }) => step.sleep("rest", "1h"), { concurrency: 1 }),
  "a wait": one(({ step }) => step.waitForEvent("rest", { event: "laws/never", timeout: "1h" }), { concurrency: 1 }),
  "a backoff": one(
    ({ step, attempt }) =>
      step.run("flaky", () => {
        if (attempt === 0) throw new RetryAfterError("later", "1h");
      }),
    { concurrency: 1 },
  ),
};

describe("FI-08 at rest nobody holds a slot, and the line has moved on by itself", { timeout: 300_000 }, () => {
  it("after one process has died, or been told an error, at any of 20 calls drawn from all", async () => {
    const play = async (faults: readonly Fault[]) => {
      const stage = await open({ functions: working }, faults);
      await stage.cloud.send(eventsOf(6));
      await stage.pass(2 * HOUR_MS);
      await stage.doors.sweep();
      return stage;
    };
    const calm = await play([]);
    const calls = calm.faults.calls.length;
    const ends = await endsOf(calm, 6);
    for (const fault of draw(8, 20, calls)) {
      const stage = await play([fault]);
      const { problems } = await audit(stage);
      expect({ ...fault, problems, ends: await endsOf(stage, 6) }).toEqual({ ...fault, problems: [], ends });
      await close(stage);
    }
  });

  it.each(Object.keys(resting))(
    "a run that rests for %s holds none, also when the write that gives it up fails",
    async (rest) => {
      const faults: readonly (Fault | undefined)[] = [
        undefined,
        { kind: "crashAfter", at: "(SET #armed" },
        { kind: "failAfter", at: "(SET #armed" },
        { kind: "crashBefore", at: GIVE_UP },
        { kind: "failBefore", at: GIVE_UP },
        { kind: "failAfter", at: GIVE_UP },
      ];
      for (const fault of faults) {
        const stage = await open({ functions: resting[rest] ?? working }, fault && [fault]);
        await stage.cloud.send(eventsOf(1));
        await stage.pass(30_000);
        const [run] = await stage.cloud.runsOf("e0");
        expect({ fault, at: run?.status, held: await slotsHeld(stage) }).toMatchObject({ held: 0 });
        await stage.pass(2 * HOUR_MS);
        await stage.doors.sweep();
        expect({ fault, problems: (await audit(stage)).problems }).toEqual({ fault, problems: [] });
        await close(stage);
      }
    },
  );

  it("after processes have died, or been told errors, at a hundred of two thousand calls and more", async () => {
    const count = 60;
    const stage = await open({ functions: working }, draw(80, 100, 2_000));
    const slots = watchSlots(stage, 20);
    await stage.cloud.send(eventsOf(count));
    await stage.pass(12 * HOUR_MS);
    await stage.doors.sweep();
    expect((await audit(stage)).problems).toEqual([]);
    expect(await endsOf(stage, count)).toEqual({
      failed: Math.ceil(count / 7),
      completed: count - Math.ceil(count / 7),
    });
    expect(slots.most).toBe(LIMIT);
    expect(stage.faults.calls.length).toBeGreaterThan(2_000);
  });
});
