import type { Finding } from "../audit/index.ts";
import type { RunView } from "../sdk/protocol/index.ts";
import { live } from "./acts.ts";
import type { Played, Story, Struck } from "./contract.ts";
import type { Strike } from "./faults.ts";
import { judge } from "./judge.ts";
import { disturb } from "./mail.ts";
import type { Plan } from "./plan.ts";
import { comeToRest } from "./rest.ts";
import { snapshotOf } from "./snapshot.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
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
  /** What people call the runs, by their ids: `charge 2`. */
  readonly runNames: ReadonlyMap<string, string>;
  readonly calls: number;
  /** It has not ended: what it still does is done beside what comes next in this process. */
  readonly hung: boolean;
  readonly lines: readonly Line[];
  /** Of everything that was asked and answered: the same plan has the same. */
  readonly hash: string;
}

/** Only the simulator's own tests break something. */
export interface Broken extends Pick<StageOptions, "behind"> {
  /** @default 10_000 */
  readonly callsMax?: number;
}

/** Some ten times as many as a story makes. One that makes more goes round in circles. */
const CALLS_MAX = 10_000;
/** All further calls fail. What goes on in spite of that is left alone after so many. */
const FAILING_CALLS_MAX = 50_000;
/** Real milliseconds without a call and without a move of the clock, after which nobody waits any more. */
const HUNG_MS = 60_000;

/** Plays a story by a plan until nothing is left to happen, and judges what is left. */
export async function simulate(
  story: Story,
  plan: Plan,
  { behind, callsMax = CALLS_MAX }: Broken = {},
): Promise<Result> {
  const stage = await openStage({
    ...(behind !== undefined && { behind }),
    functions: story.functions,
    seed: plan.seed,
    ...(story.waits !== undefined && { waits: story.waits }),
    ...(story.timeoutMs !== undefined && { timeoutMs: story.timeoutMs }),
    between: (aws) => ({
      ...between(plan, aws),
      onStrike: ({ name, invocation }, strike) => trace.strike(name, strike, invocation),
      onCall: (call, came) => trace.call(call, came),
    }),
    clock: (clock) => skewed(plan, clock),
  });
  const origin = stage.aws.clock.now();
  const trace = new Trace(() => stage.aws.clock.now() - origin);
  const signs = () => `${stage.faults.calls.length} ${stage.aws.clock.now()}`;
  const endless = Promise.withResolvers<undefined>();
  let standsStill = HUNG;
  const giveUp = (finding: Finding) => {
    standsStill = finding;
    endless.resolve(undefined);
  };
  const playing = judged(stage, story, plan, { trace, callsMax, giveUp });
  const judgement = await unlessHung(Promise.race([playing, endless.promise]), signs);
  const hung = judgement === undefined;
  if (!hung) await stage.cloud.close();
  const { faults, swept } = stage;
  const { findings, runs } = judgement ?? { findings: [standsStill], runs: [] };
  const { lines, hash } = trace;
  const told = { findings, struck: faults.struck, swept, runNames: namesOf(runs), calls: faults.calls.length };
  return { plan, about: story.about, ...told, hung, lines, hash };
}

const HUNG: Finding = {
  law: "L9",
  text: `the story stands still: for ${HUNG_MS / 1_000} s of real time nothing has happened`,
};

const endlessCalls = (last: string): Finding => ({
  law: "L9",
  text: `there is no end of calls: the last one is ${last}`,
});

/** By their function, and a number in order of their ids, which is that of their events. */
function namesOf(runs: readonly RunView[]): ReadonlyMap<string, string> {
  const byFunction = Map.groupBy(runs, ({ functionId }) => functionId);
  return new Map(
    [...byFunction].flatMap(([functionId, of]) => of.map(({ id }, i) => [id, `${functionId} ${i + 1}`] as const)),
  );
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly runs: readonly RunView[];
}

interface Watch {
  readonly trace: Trace;
  readonly callsMax: number;
  /** Calls fail from there on, and still there is no end. */
  readonly giveUp: (finding: Finding) => void;
}

async function judged(stage: Stage, story: Story, plan: Plan, { trace, callsMax, giveUp }: Watch): Promise<Judged> {
  const { faults, witness, swept } = stage;
  const onStrike = (struck: Struck) => {
    faults.struck.push(struck);
    trace.strike(struck.at, struck as Strike);
  };
  disturb(stage.aws, mailOf(plan, onStrike), "sim");
  faults.arm(plan.weather.faults);
  let endless: Finding | undefined;
  faults.before = (name, at) => {
    if (at === callsMax) endless = endlessCalls(name);
    if (endless !== undefined && at === callsMax + FAILING_CALLS_MAX) giveUp(endless);
    if (at >= callsMax) throw new Error("The story is over.");
  };
  const origin = stage.aws.clock.now();
  const cancelled = await live(stage, plan.acts, trace);
  await comeToRest(stage, trace);
  trace.world("all has come to rest");
  const runs = await runsOn(stage);
  if (endless !== undefined) return { findings: [endless], runs };
  const played: Played = {
    acts: plan.acts,
    origin,
    runs,
    runsOf: await runsByEvent(stage, plan),
    arrivedAt: await arrivals(stage, plan),
    cancelled,
    witness,
    struck: faults.struck,
    swept,
    skewMs: plan.weather.skewMs,
  };
  return { findings: judge(story, played, await snapshotOf(stage), swept), runs };
}

/** All runs, those that nobody has taken yet too. */
async function runsOn({ cloud, ...stage }: Stage): Promise<readonly RunView[]> {
  const { items } = await snapshotOf(stage);
  const ids = items.filter(({ sk, runId }) => sk === "header" && runId !== undefined).map(({ runId }) => String(runId));
  const views = await Promise.all(ids.sort().map((id) => cloud.run(id)));
  return views.filter((view) => view !== undefined);
}

const eventIds = ({ acts }: Plan): readonly string[] => [
  ...new Set(acts.flatMap((act) => (act.kind === "send" ? [act.event.id] : []))),
];

async function runsByEvent({ cloud }: Stage, plan: Plan): Promise<Played["runsOf"]> {
  return new Map(await Promise.all(eventIds(plan).map(async (id) => [id, await cloud.runsOf(id)] as const)));
}

async function arrivals({ doors }: Stage, plan: Plan): Promise<Played["arrivedAt"]> {
  const events = await Promise.all(eventIds(plan).map((id) => doors.world.events.get("main", id)));
  return new Map(events.flatMap((event) => (event ? [[event.id, event.arrivedAt ?? event.at] as const] : [])));
}

/** @param signsOfLife something that changes as long as there is any */
async function unlessHung<T>(playing: Promise<T>, signsOfLife: () => string): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<undefined>((resolve) => {
    let before = "";
    timer = setInterval(() => {
      const now = signsOfLife();
      if (now === before) resolve(undefined);
      before = now;
    }, HUNG_MS);
  });
  return Promise.race([playing, hung]).finally(() => clearInterval(timer));
}
