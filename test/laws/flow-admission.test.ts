import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import type { FlowManifest, RunSummary } from "../../sdk/protocol/index.ts";
import { FAULT_KINDS, type Fault } from "../../sim/faults.ts";
import { audit } from "./audit.ts";
import { openStage, type Scenario, START, type Stage } from "./harness.ts";
import { MINUTE_MS, one, withFlow } from "./scenarios.ts";

/** `LAWS=full npx vitest run test/laws` makes every fault at every call. */
const FULL = process.env.LAWS === "full";
/** Of the faults that leave no other world behind than a crash or an error after a write, one in so many. */
const SAMPLE = 40;
const EVENTS = 5;
let stage: Stage;
afterEach(() => stage.cloud.close());

interface Case {
  readonly name: string;
  readonly flow: FlowManifest;
  readonly handler?: Parameters<typeof one>[0];
  /** Long enough for all to end, and for what comes again after a crash, twice. In milliseconds. */
  readonly restMs?: number;
  /** What is wrong with the runs of the events, and with what is stored. */
  readonly judge: (runs: readonly RunSummary[], items: readonly Item[]) => readonly string[];
}

type Item = Record<string, unknown> & { readonly pk: string; readonly sk: string };

const completed = (runs: readonly RunSummary[]) => runs.filter(({ status }) => status === "completed");
const exactly = (count: number, runs: readonly RunSummary[]): string[] =>
  completed(runs).length === count ? [] : [`${completed(runs).length} runs, and not ${count}`];

/** A run begins after the one before has ended. */
function overlaps(runs: readonly RunSummary[]): string[] {
  const sorted = completed(runs).sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  return sorted.flatMap((run, i) => {
    const before = sorted[i - 1];
    return before !== undefined && (before.endedAt ?? 0) > (run.startedAt ?? 0) ? [`${run.id} began too early`] : [];
  });
}

const INTERVAL_MS = 10_000;
/** So far off that starts go by a schedule. */
const LONG_INTERVAL_MS = 16 * MINUTE_MS;

/** Every run has one start time, no two are closer than the interval, and none begins before its own. */
function throttled(runs: readonly RunSummary[], items: readonly Item[], intervalMs = INTERVAL_MS): string[] {
  const reserved = items.filter(({ sk }) => sk.startsWith("throttle#"));
  const starts = new Map(reserved.map(({ runId, startsAt }) => [String(runId), Number(startsAt)]));
  const times = [...starts.values()].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  return [
    ...(reserved.length === starts.size ? [] : ["a run has two start times"]),
    ...gaps.filter((gap) => gap < intervalMs).map((gap) => `${gap} ms between two starts`),
    ...completed(runs)
      .filter(({ id, startedAt = 0 }) => !(startedAt >= (starts.get(id) ?? Number.NaN)))
      .map(({ id }) => `${id} began before its time`),
  ];
}

const locksLeft = (items: readonly Item[]): string[] =>
  items.filter(({ sk }) => sk === "singleton").map(({ pk }) => `a lock is left: ${pk}`);

const quick: Case["handler"] = ({ event, step }, { notebook }) => notebook.step(step, `work ${event.id}`);
const napping: Case["handler"] = async ({ event, step }, { notebook }) => {
  await step.sleep("nap", "20s");
  await notebook.step(step, `work ${event.id}`);
};

const throttle = { limit: 1, periodMs: INTERVAL_MS, burst: 0 };
const rateLimit = { limit: 2, periodMs: 60 * MINUTE_MS };
const singleton = { mode: "skip" } as const;

const cases: readonly Case[] = [
  { name: "idempotency", flow: { idempotency: "event.data.id" }, judge: (runs) => exactly(1, runs) },
  { name: "rateLimit", flow: { rateLimit }, judge: (runs) => exactly(2, runs) },
  {
    name: "throttle",
    flow: { throttle },
    judge: (runs, items) => [...exactly(EVENTS, runs), ...throttled(runs, items)],
  },
  {
    name: "throttle, far off",
    flow: { throttle: { ...throttle, periodMs: LONG_INTERVAL_MS } },
    restMs: EVENTS * LONG_INTERVAL_MS,
    judge: (runs, items) => [...exactly(EVENTS, runs), ...throttled(runs, items, LONG_INTERVAL_MS)],
  },
  {
    name: "singleton",
    flow: { singleton },
    handler: napping,
    judge: (runs, items) => [
      ...(completed(runs).length === 0 ? ["no run at all"] : []),
      ...overlaps(runs),
      ...locksLeft(items),
    ],
  },
  {
    name: "rateLimit, singleton and throttle together",
    flow: { rateLimit: { ...rateLimit, limit: 3 }, singleton, throttle },
    handler: napping,
    judge: (runs, items) => [
      ...(completed(runs).length === 0 || completed(runs).length > 3 ? [`${completed(runs).length} runs`] : []),
      ...overlaps(runs),
      ...throttled(runs, items),
      ...locksLeft(items),
    ],
  },
];

const scenarioOf = ({ name, flow, handler }: Case): Scenario => ({
  name,
  functions: withFlow(flow, one(handler ?? quick)),
});

const events = Array.from({ length: EVENTS }, (_, i) => ({ id: `e${i}`, name: START, data: { id: 7 } }));

async function itemsOf({ aws, provisioned }: Stage): Promise<Item[]> {
  const { Items } = await aws.dynamodb.call("Scan", { TableName: provisioned.binding.tableName });
  return (Items as Parameters<typeof unmarshall>[0][]).map((item) => unmarshall(item) as Item);
}

/** Plays the events under these faults; then each is delivered once more, which must change nothing. */
async function playEvents(
  subject: Case,
  faults: readonly Fault[],
): Promise<{ calls: readonly string[]; problems: string[] }> {
  stage = await openStage(scenarioOf(subject), faults);
  await stage.cloud.send(events.slice(0, 3));
  await stage.cloud.send(events.slice(3));
  await stage.pass(subject.restMs ?? 30 * MINUTE_MS);
  const calls = [...stage.faults.calls];
  const runs = await stage.cloud.runs({ limit: 100 });
  const problems = [...subject.judge(runs, await itemsOf(stage)), ...lost(runs)];
  await stage.cloud.send(events);
  await stage.pass(subject.restMs ?? 30 * MINUTE_MS);
  if (JSON.stringify(await stage.cloud.runs({ limit: 100 })) !== JSON.stringify(runs))
    problems.push("a second delivery of the events has changed something");
  problems.push(...subject.judge(runs, await itemsOf(stage)), ...(await audit(stage)).problems);
  for (const [id, count] of Object.entries(stage.notebook.bodies))
    if (count > 1 + faults.length) problems.push(`the body of ${id} ran ${count} times (L4)`);
  await stage.cloud.close();
  return { calls, problems };
}

/** Each event has a run, or a record why it has none. */
const lost = (runs: readonly RunSummary[]): string[] =>
  events
    .filter(({ id }) => runs.filter(({ eventIds }) => eventIds.includes(id)).length !== 1)
    .map(({ id }) => `the event ${id} has no run and no record, or two`);

function faultsAt(calls: readonly string[]): readonly Fault[] {
  const random = seededRandom(calls.length);
  return calls.flatMap((call, i) => {
    const isWrite = /^(PutItem|DeleteItem) (pace|lock|run)#|CreateSchedule/.test(call);
    return FAULT_KINDS.filter((kind) => FULL || (isWrite && /After/.test(kind)) || random.fraction() < 1 / SAMPLE).map(
      (kind) => ({ kind, at: i + 1 }),
    );
  });
}

describe.each(cases)("admission: $name", (subject) => {
  it("keeps its limit, loses no event and decides the same twice, whatever happens at any AWS call", {
    timeout: 300_000,
  }, async () => {
    const { calls, problems } = await playEvents(subject, []);
    expect(problems).toEqual([]);
    for (const fault of faultsAt(calls)) {
      const played = await playEvents(subject, [fault]);
      expect({ ...fault, call: calls[Number(fault.at) - 1], problems: played.problems }).toMatchObject({
        problems: [],
      });
    }
  });
});
