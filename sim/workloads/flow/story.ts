import type { Served } from "../../../lambdas/runner/functions.ts";
import type { Act, App } from "../../contract.ts";
import type { Draw } from "../../draw.ts";
import { arrivalsOf, OPTIONS, rulesOf } from "./generate.ts";
import { areAllowed, optionsOf } from "./options.ts";
import { gatesOf, overseerOf } from "./overseer.ts";
import { type Arrival, GO, type Limit, type Rules } from "./rules.ts";

/** What a seed decides about functions with flow control. */
export interface Tale {
  /** All are triggered by each event. */
  readonly functions: Readonly<Record<string, Rules>>;
  readonly arrivals: readonly Arrival[];
  /** Runs of these events kill their process in their first body. */
  readonly deadly: readonly string[];
  /** Runs of these events fail at their first try: the body of their first step, or the handler after it. */
  readonly failing: Readonly<Record<string, "step" | "handler">>;
  /** Runs of an event that somebody cancels once as many events have been sent. */
  readonly cancels: readonly { readonly of: string; readonly after: number }[];
}

const OPTIONS_MAX = 4;
const ARRIVALS = 8;
/** Dense, so that there is always somebody who has to wait. In seconds. */
const GAP_MAX = 10;
/** Not over before the story is. */
const LONG_LIFE_MS = 10 * 86_400_000;

export function drawTale(draw: Draw): Tale {
  const shared: Limit = { limit: draw.number(1, 2), key: "user", scope: "env" };
  const drawn = () => {
    const rules = withLongLife(drawRules(draw));
    return rules.concurrency === undefined || draw.chance(0.6) ? rules : { ...rules, concurrency: [shared] };
  };
  const calm = draw.chance(0.25);
  const functions = { one: drawn(), two: drawn() };
  const cancelOn = functions.one.cancelOn ?? functions.two.cancelOn;
  const arrivals = arrivalsOf(draw, ARRIVALS, cancelOn === undefined ? {} : { cancelOn }, GAP_MAX);
  const some = (of: number) => arrivals.filter(() => !calm && draw.chance(of)).map(({ id }) => id);
  const cancelled = draw.chance(0.4) ? arrivals.filter(() => draw.chance(0.2)) : [];
  return {
    functions,
    arrivals,
    deadly: some(0.1),
    failing: Object.fromEntries(some(0.1).map((id) => [id, draw.oneOf(["step", "handler"] as const)])),
    cancels: cancelled.map(({ id }) => ({ of: id, after: draw.number(1, ARRIVALS) })),
  };
}

/** Some deadlines are so far off that they need a schedule, which is to be taken back. */
const withLongLife = (rules: Rules): Rules =>
  rules.timeouts?.start !== undefined && rules.timeouts.start % 2_000 === 0
    ? { ...rules, timeouts: { ...rules.timeouts, finish: LONG_LIFE_MS } }
    : rules;

function drawRules(draw: Draw): Rules {
  for (;;) {
    const others = Array.from({ length: draw.number(1, OPTIONS_MAX) }, () => draw.oneOf(OPTIONS));
    const options = new Set(draw.chance(0.4) ? (["concurrency", ...others] as const) : others);
    const rules = rulesOf(draw, [...options]);
    if (areAllowed(rules)) return rules;
  }
}

/** Events as they arrive, and cancellations in between. */
export function actsOf({ arrivals, cancels }: Tale): readonly Act[] {
  return arrivals.flatMap(({ id, name, at, ts, data }, i): Act[] => [
    { kind: "send", at, event: { id, name, data, ts } },
    ...cancels.filter(({ after }) => after === i + 1).map(({ of }) => ({ kind: "cancel", at, eventId: of }) as const),
  ]);
}

/** Functions that work, sleep, work, … for so long as their event says. */
export const functionsOf = ({ functions, deadly, failing }: Tale, app: App): readonly Served[] =>
  Object.entries(functions).map(([id, rules]) =>
    app.client.createFunction({ id, ...optionsOf(rules) }, { event: GO }, async ({ event, events, runId, step }) => {
      const overseer = overseerOf(app.witness);
      const by = event.id ?? "";
      const ids = events.map((one) => one.id ?? "");
      const sighting = overseer.enter(runId, id, ids, by);
      const gates = gatesOf(id, rules, event as { data: Record<string, unknown> });
      const work = (ms: number) =>
        overseer.during(runId, sighting, gates, async () => {
          const isFirst = sighting.begun === 1;
          if (deadly.includes(by) && isFirst) await app.die();
          await app.slow(ms);
          if (failing[by] === "step" && isFirst) throw new Error("the first try of the step");
        });
      for (const [i, ms] of (event.data.parts as readonly number[]).entries()) {
        if (i % 2 === 1) await step.sleep(`rest-${i}`, ms);
        else await app.witness.step(step, runId, `work-${i}`, () => work(ms));
        if (failing[by] === "handler" && sighting.entered === 1) throw new Error("the first try of the handler");
      }
    }),
  );
