import { expect, it } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import { allItems, audit } from "../laws/audit.ts";
import { openStage, type Scenario, type Stage } from "../laws/harness.ts";
import { disturb } from "../laws/mail.ts";
import { fateProblems, type Remains, restProblems } from "./judge.ts";
import { GO, type Rules } from "./model.ts";
import { optionsOf } from "./play.ts";
import { mailOf, type Story, storyOf } from "./story.ts";
import { gatesOf, Witness } from "./witness.ts";

/** `FLOW=full npx vitest run test/flow` plays more; `FLOW_SEED=17` plays one. */
const SEEDS = process.env.FLOW === "full" ? 1_000 : 40;
const ONE = process.env.FLOW_SEED;
const AT_ONCE = 10;

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
    if (mail !== undefined) disturb(stage.aws, mail);
    const origin = stage.aws.clock.now();
    for (const { id, name, at, ts, data } of story.arrivals) {
      await stage.pass(origin + at - stage.aws.clock.now());
      await stage.cloud.send({ id, name, ts: origin + ts, data });
    }
    await stage.pass(HOUR_MS);
    // One fault is repaired by the messages that come again. Two at a time may need the sweeper (PROTOCOLS.md §5).
    for (let i = 0; i < 5; i++) {
      await stage.doors.sweep();
      await stage.pass(5 * MINUTE_MS);
    }
    const woken = stage.swept.length;
    await stage.pass(2 * DAY_MS);
    await stage.doors.sweep();
    const { problems } = await audit(stage);
    const mayBeSwept = story.faults.length + story.deadly.length > 1;
    const remains = await remainsOf(stage);
    return [
      ...witness.problems,
      ...problems.filter((problem) => !(mayBeSwept && woken > 0 && problem.startsWith("the sweeper had to wake"))),
      ...restProblems(remains),
      ...fateProblems(story, witness, remains),
    ];
  } finally {
    await stage.cloud.close();
  }
}

async function remainsOf(stage: Stage): Promise<Remains> {
  const items = await allItems(stage);
  const keys = items.filter(({ sk }) => sk === "header");
  const headers = await Promise.all(keys.map(({ pk, sk }) => stage.doors.world.runs.headerAt({ pk, sk })));
  return { items, headers: headers.filter((header) => header !== undefined) };
}

const functionsOf =
  (story: Story, witness: Witness): Scenario["functions"] =>
  ({ client, slow }) =>
    Object.entries(story.functions).map(([id, rules]: [string, Rules]) =>
      client.createFunction({ id, ...optionsOf(rules) }, { event: GO }, async ({ event, events, runId, step }) => {
        const by = event.id ?? "";
        const sighting = witness.enter(
          runId,
          id,
          events.map((one) => one.id ?? ""),
          by,
        );
        const gates = gatesOf(id, rules, event as { data: Record<string, unknown> });
        for (const [i, ms] of (event.data.parts as readonly number[]).entries()) {
          if (i % 2 === 1) await step.sleep(`rest-${i}`, ms);
          else
            await step.run(`work-${i}`, () =>
              witness.during(runId, sighting, gates, async () => {
                if (story.deadly.includes(by) && sighting.begun === 1) await die();
                await slow(ms);
              }),
            );
        }
      }),
    );

/** The process dies here, as by SIGKILL. */
function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}
