import { describe, expect, it } from "vitest";
import { currentInvocation, type Invocation } from "../../local/invocation.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { close, firstRun, freezeAt, itemsOf, open, outside, passUntil, skewClocks, wakeForNothing } from "./stage.ts";

const SECOND_MS = 1_000;
const OTHERS = ["second", "third"];

/** Who executes, as the functions themselves have it: the dead do not count. */
class Floor {
  most = 0;
  readonly #live = new Set<unknown>();

  async during(body: () => Promise<void>): Promise<void> {
    const me = currentInvocation();
    this.#live.add(me);
    this.most = Math.max(this.most, this.#live.size);
    await body();
    this.#live.delete(me);
  }
}

/** Runs of steps that take so long, one after another, on the one slot. */
const working = (floor: Floor, parts: readonly number[]): Scenario["functions"] =>
  one(
    async ({ step }, { slow }) => {
      for (const [i, ms] of parts.entries()) await step.run(`work-${i}`, () => floor.during(() => slow(ms)));
      return "done";
    },
    { concurrency: 1 },
  );

/** The most runs that have held the one slot in the table, looked at before each call that may change that. */
function watchHolders(stage: Stage): { most: number } {
  const seen = { most: 0 };
  const before = stage.faults.before;
  stage.faults.before = async (call, at) => {
    await before?.(call, at);
    if (!call.includes("slots#")) return;
    const shards = (await outside(() => itemsOf(stage))).filter(({ pk }) => pk.includes("#slots#"));
    seen.most = Math.max(seen.most, ...shards.map(({ holders = {} }) => Object.keys(holders as object).length));
  };
  return seen;
}

async function sendAll({ cloud }: Stage): Promise<void> {
  await cloud.send(START_EVENT);
  await cloud.send(OTHERS.map((id) => ({ ...START_EVENT, id })));
}

async function expectRest(stage: Stage, about: object): Promise<void> {
  await stage.pass(3 * HOUR_MS);
  await stage.doors.sweep();
  const runs = (await Promise.all(["start", ...OTHERS].map((id) => stage.cloud.runsOf(id)))).flat();
  const outputs = runs.map(({ output }) => output);
  expect({ ...about, outputs, problems: (await audit(stage)).problems }).toEqual({
    ...about,
    outputs: ["done", "done", "done"],
    problems: [],
  });
}

describe("FI-09 a limit of one is never exceeded, by the clock of the table", { timeout: 300_000 }, () => {
  it.each([
    ["1 ms of its lease is left", -1],
    ["its lease ends at that moment", 0],
    ["its lease has ended 1 ms ago", 1],
    ["another has had the run for half a minute", 30 * SECOND_MS],
  ])("a worker that stood still, and goes on when %s", async (_, afterMs) => {
    // Before it takes its slot, in its step, and at the end of the run.
    for (const call of ["(SET #holders", "PutItem run#", "(SET #status"]) {
      const floor = new Floor();
      const stage = await open({ functions: working(floor, [MINUTE_MS, MINUTE_MS]) });
      const frozen = freezeAt(stage, call);
      const holders = watchHolders(stage);
      await sendAll(stage);
      await passUntil(stage, () => frozen.reached);
      const { leaseUntil = 0 } = (await stage.doors.world.runs.header(firstRun(stage))) ?? {};
      await stage.pass(leaseUntil + afterMs - stage.aws.clock.now());
      await wakeForNothing(stage);
      frozen.release();
      await expectRest(stage, { call, afterMs });
      expect({ call, floor: floor.most, holders: holders.most }).toEqual({ call, floor: 1, holders: 1 });
      await close(stage);
    }
  });

  it.each([
    [-2, 2],
    [2, -2],
  ])(
    "a worker whose clock is %i s off, up to its last moment, while those of all others are %i s off",
    async (mine, theirs) => {
      const floor = new Floor();
      // It writes its result a fifth of a second before Lambda ends it.
      const lastsMs = MINUTE_MS - 200;
      const stage = await open({ functions: working(floor, [lastsMs]), timeoutMs: MINUTE_MS });
      let first: Invocation | undefined;
      skewClocks(stage, (process) => {
        if (process.functionName.includes("app")) first ??= process;
        return (process === first ? mine : theirs) * SECOND_MS;
      });
      const holders = watchHolders(stage);
      await stage.cloud.send(START_EVENT);
      await stage.pass(lastsMs - SECOND_MS);
      await stage.cloud.send(OTHERS.map((id) => ({ ...START_EVENT, id })));
      await stage.pass(2 * SECOND_MS);
      expect({ floor: floor.most, holders: holders.most }).toEqual({ floor: 1, holders: 1 });
      await expectRest(stage, {});
      expect({ floor: floor.most, holders: holders.most }).toEqual({ floor: 1, holders: 1 });
    },
  );
});
