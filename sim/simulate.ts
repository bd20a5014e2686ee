import type { Finding } from "../audit/contract.ts";
import type { RunView } from "../sdk/protocol/index.ts";
import { live } from "./acts.ts";
import { auditAtRest } from "./audit-at-rest.ts";
import type { Played, Story, Struck } from "./contract.ts";
import { disturb } from "./mail.ts";
import type { Plan } from "./plan.ts";
import { comeToRest } from "./rest.ts";
import { snapshotOf } from "./snapshot.ts";
import { openStage, type Stage } from "./stage.ts";
import { type Line, Trace } from "./trace.ts";
import { between, mailOf, skewed } from "./weather.ts";

/** How a story went that was played by a plan. */
export interface Result {
  readonly plan: Plan;
  readonly about: string;
  /** Laws that did not hold. */
  readonly findings: readonly Finding[];
  readonly struck: readonly Struck[];
  /** Runs that only the sweeper got going again. */
  readonly swept: readonly string[];
  readonly runs: number;
  readonly calls: number;
  readonly lines: readonly Line[];
  /** Of everything that was asked and answered: the same plan has the same. */
  readonly hash: string;
}

/** Some ten times as many as a story makes. One that makes more goes round in circles. */
const CALLS_MAX = 10_000;
/** Real milliseconds after which nobody waits any more: a story takes one second. */
const HUNG_MS = 60_000;

/** Plays a story by a plan until nothing is left to happen, and judges what is left. */
export async function simulate(story: Story, plan: Plan): Promise<Result> {
  const stage = await openStage({
    functions: story.functions,
    seed: plan.seed,
    ...(story.waits !== undefined && { waits: story.waits }),
    ...(story.timeoutMs !== undefined && { timeoutMs: story.timeoutMs }),
    between: (aws) => ({ ...between(plan, aws), onCall: (call, came) => trace.call(call, came) }),
    clock: (clock) => skewed(plan, clock),
  });
  const origin = stage.aws.clock.now();
  const trace = new Trace(() => stage.aws.clock.now() - origin);
  const { findings, runs } = await inTime(judged(stage, story, plan, trace));
  const { struck, calls } = stage.faults;
  void stage.cloud.close();
  const { lines, hash } = trace;
  return { plan, about: story.about, findings, struck, swept: stage.swept, runs, calls: calls.length, lines, hash };
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly runs: number;
}

async function judged(stage: Stage, story: Story, plan: Plan, trace: Trace): Promise<Judged> {
  const { faults, witness, swept } = stage;
  disturb(stage.aws, mailOf(plan, faults.struck), "sim");
  faults.arm(plan.weather.faults);
  let endless: Finding | undefined;
  faults.before = (name, at) => {
    if (at === CALLS_MAX) endless = { law: "L9", text: `there is no end of calls: the last one is ${name}` };
    if (at >= CALLS_MAX) throw new Error("The story is over.");
  };
  const origin = stage.aws.clock.now();
  const cancelled = await live(stage, plan.acts, trace);
  await comeToRest(stage);
  const runs = await runsOn(stage);
  if (endless !== undefined) return { findings: [endless], runs: runs.length };
  const played: Played = {
    acts: plan.acts,
    origin,
    runs,
    runsOf: await runsByEvent(stage, plan),
    cancelled,
    witness,
    struck: faults.struck,
  };
  const mayBeSwept = severe(faults.struck) > 1;
  const needed = mayBeSwept ? [] : swept.map((runId) => ({ law: "L3", text: needsSweeper(runId), runId }) as const);
  const audited = auditAtRest(await snapshotOf(stage));
  return { findings: [...audited, ...needed, ...witness.problems, ...story.judge(played)], runs: runs.length };
}

const needsSweeper = (runId: string) => `run ${runId} had no wake-up ahead of it until the sweeper came`;

/** Late post and slow calls are part of every day. Of faults proper, one at a time is repaired by the messages that come again. */
const severe = (struck: readonly Struck[]): number =>
  struck.filter(({ kind }) => kind !== "late" && kind !== "duplicate" && kind !== "delay").length;

/** All runs, those that nobody has taken yet too. */
async function runsOn({ cloud, ...stage }: Stage): Promise<readonly RunView[]> {
  const { items } = await snapshotOf({ cloud, ...stage });
  const ids = items.filter(({ sk, runId }) => sk === "header" && runId !== undefined).map(({ runId }) => String(runId));
  const views = await Promise.all(ids.sort().map((id) => cloud.run(id)));
  return views.filter((view) => view !== undefined);
}

async function runsByEvent({ cloud }: Stage, { acts }: Plan): Promise<Played["runsOf"]> {
  const ids = acts.flatMap((act) => (act.kind === "send" ? [act.event.id] : []));
  return new Map(await Promise.all(ids.map(async (id) => [id, await cloud.runsOf(id)] as const)));
}

async function inTime(playing: Promise<Judged>): Promise<Judged> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<Judged>((resolve) => {
    const text = `the story stands still: it has not ended after ${HUNG_MS / 1_000} s of real time`;
    timer = setTimeout(() => resolve({ findings: [{ law: "L9", text }], runs: 0 }), HUNG_MS);
  });
  return Promise.race([playing, hung]).finally(() => clearTimeout(timer));
}
