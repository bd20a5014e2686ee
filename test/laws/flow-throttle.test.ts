import { afterEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import type { Throttle } from "../../sdk/protocol/index.ts";
import { FAULT_KINDS, type Fault } from "../../sim/faults.ts";
import { disturb, late, type Mail, shuffled, twice } from "../../sim/mail.ts";
import { APP } from "./harness.ts";
import { HOUR_MS, MINUTE_MS } from "./scenarios.ts";
import { every, openThrottled, type Throttled, throttleProblems } from "./throttled.ts";

/** `LAWS=full npx vitest run test/laws` makes every fault at every call. */
const FULL = process.env.LAWS === "full";
/** Of crashes and errors after writes, and of the other faults, which leave no other world behind, one in so many. */
const WRITES_SAMPLE = 3;
const SAMPLE = 150;
/** Two deliveries of a message that failed, and the second walk after a deploy. */
const REPAIRED_MS = 15 * MINUTE_MS;

let stage: Throttled;
afterEach(() => stage.cloud.close());

interface Change {
  readonly name: string;
  readonly before: Throttle;
  readonly after: Throttle | undefined;
}

const changes: readonly Change[] = [
  { name: "raised", before: every(10 * MINUTE_MS), after: every(2 * MINUTE_MS) },
  { name: "lowered", before: every(2 * MINUTE_MS), after: every(10 * MINUTE_MS) },
  { name: "raised, with starts that are far off", before: every(2 * HOUR_MS), after: every(HOUR_MS) },
  { name: "lowered, with starts that are far off", before: every(HOUR_MS), after: every(2 * HOUR_MS) },
  { name: "removed", before: every(HOUR_MS), after: undefined },
];

/** Three runs, of which two wait; a deploy; two more runs. */
async function play({ before, after }: Change, faults: readonly Fault[] = [], mail?: Mail) {
  stage = await openThrottled(before);
  await stage.arrive(["e0", "e1", "e2"]);
  await stage.pass(MINUTE_MS);
  if (mail !== undefined) disturb(stage.aws, mail, APP);
  const first = stage.faults.calls.length;
  stage.faults.arm(faults.map((fault) => ({ ...fault, at: Number(fault.at) + first })));
  await stage.deploy(after);
  const from = stage.aws.clock.now();
  await stage.arrive(["e3", "e4"]);
  await stage.pass(20 * HOUR_MS);
  const calls = stage.faults.calls.slice(first);
  const intervalMs = after?.periodMs ?? 0;
  const isDisturbed = faults.length > 0 || mail !== undefined;
  const until = from + 5 * intervalMs + REPAIRED_MS;
  const lateMs = isDisturbed ? REPAIRED_MS : 0;
  return { calls, problems: await throttleProblems(stage, { runs: 5, intervalMs, from, until, lateMs }) };
}

function faultsAt(calls: readonly string[]): readonly Fault[] {
  const random = seededRandom(calls.length);
  return calls.flatMap((call, i) => {
    const isWrite = /PutItem (pace|registry)|schedules|repace|runs-main-laws (wake|start)/.test(call);
    const kinds = FAULT_KINDS.filter((kind) => {
      const sample = isWrite && /After/.test(kind) ? WRITES_SAMPLE : SAMPLE;
      return FULL || random.fraction() < 1 / sample;
    });
    return kinds.map((kind) => ({ kind, at: i + 1 }));
  });
}

describe.each(changes.filter(({ name }) => FULL || !name.includes("far off")))(
  "a throttle that is $name while runs wait for their starts",
  (change) => {
    it("holds, in their order and for all of them, whatever happens at any AWS call (L1, L3)", {
      timeout: 300_000,
    }, async () => {
      const { calls, problems } = await play(change);
      expect(problems).toEqual([]);
      for (const fault of faultsAt(calls)) {
        await stage.cloud.close();
        const played = await play(change, [fault]);
        const call = calls[Number(fault.at) - 1];
        expect({ ...fault, call, problems: played.problems }).toMatchObject({ problems: [] });
      }
    });
  },
);

describe.each(changes)("a throttle that is $name", (change) => {
  it.each<[string, Mail]>([
    ["twice", twice(0)],
    ["twice, minutes apart", twice(5 * MINUTE_MS)],
    ["late", late(20_000)],
    ["out of order", shuffled(7)],
  ])("holds when messages come %s (L1)", async (_, mail) => {
    expect((await play(change, [], mail)).problems).toEqual([]);
  });
});
