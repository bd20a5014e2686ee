import { Draw } from "../../sim/draw.ts";
import { FAULT_KINDS, type Fault } from "../../sim/faults.ts";
import { type Mail, shuffled, twice } from "../../sim/mail.ts";
import { areAllowed } from "./document.ts";
import { arrivalsOf, OPTIONS, rulesOf } from "./generate.ts";
import type { Arrival, Limit, Option, Rules } from "./model.ts";

/** Everything that a seed decides. */
export interface Story {
  readonly seed: number;
  /** Both are triggered by each event. */
  readonly functions: Readonly<Record<string, Rules>>;
  readonly arrivals: readonly Arrival[];
  readonly faults: readonly Fault[];
  readonly mail: "as sent" | "twice" | "shuffled";
  /** Runs of these events kill their process in their first body. */
  readonly deadly: readonly string[];
  /** Runs of these events fail at their first try: the body of their first step, or the handler after it. */
  readonly failing: Readonly<Record<string, "step" | "handler">>;
  /** Runs of an event that somebody cancels once as many events have been sent. */
  readonly cancels: readonly { readonly of: string; readonly after: number }[];
}

/** Nothing goes wrong: everything may be expected to the second. */
export const isCalm = ({ faults, mail, deadly, failing }: Story): boolean =>
  faults.length + deadly.length + Object.keys(failing).length === 0 && mail === "as sent";

const OPTIONS_MAX = 4;
const ARRIVALS = 12;
/** Dense, so that there is always somebody who has to wait. In seconds. */
const GAP_MAX = 10;
/** A story without faults makes about so many calls: later ones strike rarely. */
const CALLS = 700;
const FAULTS_MAX = 3;
/** Not over before the story is. */
const LONG_LIFE_MS = 10 * 86_400_000;

export function storyOf(seed: number): Story {
  const draw = new Draw(seed);
  const shared: Limit = { limit: draw.number(1, 2), key: "user", scope: "env" };
  const drawn = () => {
    const rules = withLongLife(rulesOf(draw, optionsOf(draw)));
    return rules.concurrency === undefined || draw.chance(0.6) ? rules : { ...rules, concurrency: [shared] };
  };
  const calm = draw.chance(0.25);
  const functions = { one: drawn(), two: drawn() };
  const cancelOn = functions.one.cancelOn ?? functions.two.cancelOn;
  const arrivals = arrivalsOf(draw, ARRIVALS, cancelOn === undefined ? {} : { cancelOn }, GAP_MAX);
  const some = (of: number) => arrivals.filter(() => !calm && draw.chance(of)).map(({ id }) => id);
  const cancelled = draw.chance(0.4) ? arrivals.filter(() => draw.chance(0.2)) : [];
  return {
    seed,
    functions,
    arrivals,
    faults: Array.from({ length: calm ? 0 : draw.number(0, FAULTS_MAX) }, () => ({
      kind: draw.oneOf(FAULT_KINDS),
      at: draw.number(1, CALLS),
    })),
    mail: calm ? "as sent" : draw.oneOf(["as sent", "twice", "shuffled"] as const),
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

function optionsOf(draw: Draw): readonly Option[] {
  for (;;) {
    const others = Array.from({ length: draw.number(1, OPTIONS_MAX) }, () => draw.oneOf(OPTIONS));
    const options = new Set<Option>(draw.chance(0.4) ? ["concurrency", ...others] : others);
    if (areAllowed([...options])) return [...options];
  }
}

export const mailOf = ({ mail, seed }: Story): Mail | undefined =>
  mail === "as sent" ? undefined : mail === "twice" ? twice(0) : shuffled(seed);
