import { describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import type { Fault, FaultKind } from "../../sim/faults.ts";
import { allItems, audit } from "../laws/audit.ts";
import { type Scenario, START, type Stage } from "../laws/harness.ts";
import { HOUR_MS, one } from "../laws/scenarios.ts";
import { close, open, outside } from "./stage.ts";

const LIMIT = 2;
const USERS = ["ann", "bob", "cem"];

/** Runs that hold, and give up, the slots of their users in every way: for a step, over a backoff, over a sleep, by failing for good. */
const working: Scenario["functions"] = one(
  async ({ step, event }, { slow }) => {
    await step.run("work", () => slow(1_000));
    await step.run("flaky", async () => {
      await slow(500);
      if (event.data.fails) throw new Error("always");
    });
    await step.sleep("rest", "5s");
    await step.run("again", () => slow(1_000));
  },
  { concurrency: { limit: LIMIT, key: "event.data.user" }, retries: { attempts: 2, backoff: "fixed" } },
);

const eventsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `e${i}`,
    name: START,
    data: { user: USERS[i % USERS.length], fails: i % 7 === 0 },
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

/** The most slots of one gate that the table has ever shown as held, looked at every so many calls. */
function watchSlots(stage: Stage, everyCalls: number): { most: number } {
  const seen = { most: 0 };
  stage.faults.before = async (_, at) => {
    if (at % everyCalls !== 0) return;
    const shards = (await outside(() => allItems(stage))).filter(({ pk }) => pk.includes("#slots#"));
    seen.most = Math.max(seen.most, ...shards.map(({ holders = {} }) => Object.keys(holders as object).length));
  };
  return seen;
}

/** How all runs have ended, by status. */
async function endsOf(stage: Stage, count: number): Promise<Readonly<Record<string, number>>> {
  const runs = (await Promise.all(eventsOf(count).map(({ id }) => stage.cloud.runsOf(id)))).flat();
  const byStatus = Map.groupBy(runs, ({ status }) => status);
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, of.length]));
}

describe("FI-08 at rest nobody holds a slot, and the line has moved on by itself", () => {
  it("after one process has died, or been told an error, at any of 20 calls drawn from all", {
    timeout: 300_000,
  }, async () => {
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

  it("after processes have died, or been told errors, at a hundred of two thousand calls and more", {
    timeout: 300_000,
  }, async () => {
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
