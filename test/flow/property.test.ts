import { expect, it } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import { disturb } from "../../sim/mail.ts";
import { audit } from "../laws/audit.ts";
import { APP, openStage, type Scenario, type Stage } from "../laws/harness.ts";
import { fateProblems, type Told } from "./judge.ts";
import { GO, type Rules } from "./model.ts";
import { optionsOf } from "./play.ts";
import { isCalm, mailOf, type Story, storyOf } from "./story.ts";
import { gatesOf, Witness } from "./witness.ts";

/** `FLOW=full npx vitest run test/flow` plays more; `FLOW_SEED=17` plays one. */
const SEEDS = process.env.FLOW === "full" ? 1_000 : 40;
const ONE = process.env.FLOW_SEED;
const AT_ONCE = 10;
/** Ten times as many as a story makes. One that makes more goes round in circles, and is stopped. */
const CALLS_MAX = 10_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Random functions, events, faults, deaths and deliveries, judged by what is left in the table and what the functions have seen: no limit
 * is ever exceeded, at rest nothing is held or queued, and each event has exactly one fate.
 */
it.each(ONE === undefined ? blocks(SEEDS) : [[Number(ONE), Number(ONE)]])(
  "flow control keeps its word, in the stories %i to %i",
  { timeout: 300_000 },
  async (first, last) => {
    for (let seed = first; seed <= last; seed++) {
      const story = storyOf(seed);
      const { arrivals, ...others } = story;
      const told = [JSON.stringify(others), ...arrivals.map((arrival) => JSON.stringify(arrival))].join("\n");
      expect({ problems: await problemsOf(story) }, told).toEqual({ problems: [] });
    }
  },
);

function blocks(seeds: number): readonly (readonly [number, number])[] {
  return Array.from({ length: seeds / AT_ONCE }, (_, i) => [i * AT_ONCE + 1, (i + 1) * AT_ONCE] as const);
}

async function problemsOf(story: Story): Promise<readonly string[]> {
  const witness = new Witness();
  const stage = await openStage({ name: "property", functions: functionsOf(story, witness) }, story.faults);
  try {
    const mail = mailOf(story);
    if (mail !== undefined) disturb(stage.aws, mail, APP);
    stage.faults.before = (call, at) => {
      if (at === CALLS_MAX) witness.problems.push(`there is no end of calls such as ${call}`);
      if (at >= CALLS_MAX) throw new Error("The story is over.");
    };
    const asked = await live(stage, story);
    const { woken, moved } = await rest(stage);
    const { problems } = await audit(stage, { mayLeave: !isCalm(story) });
    const mayBeSwept = story.faults.length + story.deadly.length > 1;
    return [
      ...witness.problems,
      ...problems.filter((problem) => !(mayBeSwept && woken > 0 && problem.startsWith("the sweeper had to wake"))),
      ...(mayBeSwept ? [] : moved.map((runId) => `the sweeper had to move ${runId} (L3)`)),
      ...fateProblems(story, witness, await toldBy(stage, story, asked)),
    ];
  } finally {
    await stage.cloud.close();
  }
}

/** Sends the events, and cancels runs meanwhile. Returns which, and when. */
async function live(stage: Stage, { arrivals, cancels }: Story): Promise<ReadonlyMap<string, number>> {
  const asked = new Map<string, number>();
  const { clock } = stage.aws;
  const origin = clock.now();
  for (const [i, { id, name, at, ts, data }] of arrivals.entries()) {
    await stage.pass(origin + at - clock.now());
    await stage.cloud.send({ id, name, ts: origin + ts, data });
    for (const { of } of cancels.filter(({ after }) => after === i + 1)) {
      for (const run of await stage.cloud.runsOf(of)) {
        if (run.endedAt !== undefined || run.status === "skipped" || asked.has(run.id)) continue;
        asked.set(run.id, clock.now());
        await stage.doors.api.cancel({ env: "main", app: run.app, runId: run.id, functionId: run.functionId });
      }
    }
  }
  await stage.pass(HOUR_MS);
  return asked;
}

/** One fault is repaired by the messages that come again. Two at a time may need the sweeper (PROTOCOLS.md §5). */
async function rest(stage: Stage): Promise<{ readonly woken: number; readonly moved: readonly string[] }> {
  const moved: string[] = [];
  for (let i = 0; i < 5; i++) {
    moved.push(...((await stage.doors.sweep()).moved ?? []));
    await stage.pass(5 * MINUTE_MS);
  }
  const woken = stage.swept.length;
  await stage.pass(2 * DAY_MS);
  await stage.doors.sweep();
  return { woken, moved };
}

async function toldBy({ cloud, doors }: Stage, { arrivals }: Story, asked: Told["asked"]): Promise<Told> {
  const ids = arrivals.map(({ id }) => id);
  const views = await Promise.all(ids.map(async (id) => [id, await cloud.runsOf(id)] as const));
  const events = await Promise.all(ids.map((id) => doors.world.events.get("main", id)));
  return {
    views: new Map(views),
    listed: await cloud.runs({ limit: 1_000 }),
    arrivedAt: new Map(events.flatMap((event) => (event ? [[event.id, event.arrivedAt ?? event.at] as const] : []))),
    asked,
  };
}

const functionsOf =
  (story: Story, witness: Witness): Scenario["functions"] =>
  ({ client, slow }) =>
    Object.entries(story.functions).map(([id, rules]: [string, Rules]) =>
      client.createFunction({ id, ...optionsOf(rules) }, { event: GO }, async ({ event, events, runId, step }) => {
        const by = event.id ?? "";
        const ids = events.map((one) => one.id ?? "");
        const sighting = witness.enter(runId, id, ids, by);
        const gates = gatesOf(id, rules, event as { data: Record<string, unknown> });
        for (const [i, ms] of (event.data.parts as readonly number[]).entries()) {
          if (i % 2 === 1) await step.sleep(`rest-${i}`, ms);
          else
            await step.run(`work-${i}`, () =>
              witness.during(runId, sighting, gates, async () => {
                const isFirst = sighting.begun === 1;
                if (story.deadly.includes(by) && isFirst) await die();
                await slow(ms);
                if (story.failing[by] === "step" && isFirst) throw new Error("the first try of the step");
              }),
            );
          if (story.failing[by] === "handler" && sighting.entered === 1)
            throw new Error("the first try of the handler");
        }
      }),
    );

/** The process dies here, as by SIGKILL. */
function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}
