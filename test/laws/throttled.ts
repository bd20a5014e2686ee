/** Runs of one function that wait for their starts while its throttle changes, and what has to hold of them. */
import type { FlowManifest, Throttle } from "../../sdk/protocol/index.ts";
import type { Fault } from "../../sim/faults.ts";
import { allItems, audit, type Item } from "./audit.ts";
import { openStage, START, type Stage } from "./harness.ts";
import { MINUTE_MS, one, withFlow } from "./scenarios.ts";

export interface Throttled extends Stage {
  /** Puts a version of the function in force, as CloudFormation does: again until it is. */
  deploy(throttle: Throttle | undefined): Promise<void>;
  /** Sends events that come one after another, and that a redelivery finds again. */
  arrive(ids: readonly string[]): Promise<void>;
  readonly openedAt: number;
}

export const every = (periodMs: number): Throttle => ({ limit: 1, periodMs, burst: 0 });

export async function openThrottled(throttle: Throttle, faults: readonly Fault[] = []): Promise<Throttled> {
  let manifest: { flow?: FlowManifest } = {};
  const stage = await openStage(
    {
      name: "throttled",
      functions: (app) => {
        const work = one(({ event, step }, { notebook }) => notebook.step(step, `work ${event.id}`));
        const functions = withFlow({ throttle }, work)(app);
        manifest = (functions[0] as unknown as { manifest: { flow?: FlowManifest } }).manifest;
        return functions;
      },
    },
    faults,
  );
  // The walks of its first version are over, and none of them sets right what a later deploy has left.
  await stage.pass(2 * MINUTE_MS);
  let versions = 0;
  const deploy = async (next: Throttle | undefined) => {
    manifest.flow = next === undefined ? {} : { throttle: next };
    const version = `v${++versions}`;
    for (let tries = 0; tries < 3; tries++) {
      const isDone = await stage.doors.register(version).then(
        () => true,
        () => false,
      );
      if (isDone) return;
    }
    throw new Error("The deploy has failed three times.");
  };
  const arrive = async (ids: readonly string[]) => {
    for (const id of ids) await stage.cloud.send({ id, name: START, data: { id: 7 } });
  };
  return Object.assign(Object.create(stage) as Stage, { deploy, arrive, openedAt: stage.aws.clock.now() });
}

interface Told {
  readonly runId: string;
  readonly number: number;
  readonly startsAt: number;
  readonly startedAt: number | undefined;
}

/** The places in the order of their queue, with what became of their runs. */
async function placesOf(stage: Stage, items: readonly Item[]): Promise<readonly Told[]> {
  const started = new Map((await stage.cloud.runs({ limit: 100 })).map(({ id, startedAt }) => [id, startedAt]));
  return items
    .filter(({ sk }) => sk.startsWith("throttle#"))
    .map((item) => {
      const { runId, startsAt, sk } = item as unknown as Told & Item;
      return { runId, startsAt, number: Number(sk.split("#").at(-1)), startedAt: started.get(runId) };
    })
    .sort((a, b) => a.number - b.number);
}

export interface Expected {
  readonly runs: number;
  /** The interval that holds for all who start after `from`, in milliseconds. */
  readonly intervalMs: number;
  readonly from: number;
  /** The latest time at which the last one is to start. */
  readonly until: number;
  /** Messages come late, or their holders die: a run may begin later than at its time. @default 0, in milliseconds */
  readonly lateMs?: number;
}

/** At rest. */
export async function throttleProblems(stage: Throttled, expected: Expected): Promise<readonly string[]> {
  const { runs, intervalMs, from, until, lateMs = 0 } = expected;
  const places = await placesOf(stage, await allItems(stage));
  const at = (time: number | undefined) => (time === undefined ? "never" : `${(time - stage.openedAt) / 1_000} s`);
  const problems = [...(await audit(stage)).problems];
  const all = (await stage.cloud.runs({ limit: 100 })).filter(({ status }) => status === "completed");
  if (all.length !== runs) problems.push(`${all.length} runs have completed, and not ${runs}`);
  if (new Set(places.map(({ runId }) => runId)).size !== places.length) problems.push("a run has two places");
  for (const [i, { runId, startsAt, startedAt }] of places.entries()) {
    const before = places[i - 1];
    if (startedAt === undefined || startedAt < startsAt || startedAt > startsAt + lateMs)
      problems.push(`${runId} began at ${at(startedAt)}, and its time was ${at(startsAt)}`);
    if (startsAt > until) problems.push(`${runId} starts at ${at(startsAt)}, and not by ${at(until)}`);
    if (before === undefined || startsAt <= from) continue;
    if (startsAt - before.startsAt < intervalMs)
      problems.push(`${runId} starts at ${at(startsAt)}, too soon after ${at(before.startsAt)}`);
  }
  return problems;
}
