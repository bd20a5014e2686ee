import { FAULT_KINDS, type Fault } from "../laws/faults.ts";
import { type Mail, shuffled, twice } from "../laws/mail.ts";
import { areAllowed } from "./document.ts";
import { arrivalsOf, Draw, OPTIONS, rulesOf } from "./generate.ts";
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
}

const OPTIONS_MAX = 4;
const ARRIVALS = 12;
/** Dense, so that there is always somebody who has to wait. In seconds. */
const GAP_MAX = 10;
/** A story without faults makes about so many calls: later ones strike rarely. */
const CALLS = 350;
const FAULTS_MAX = 3;

export function storyOf(seed: number): Story {
  const draw = new Draw(seed);
  const shared: Limit = { limit: draw.number(1, 2), key: "user", scope: "env" };
  const drawn = () => {
    const rules = rulesOf(draw, optionsOf(draw));
    return rules.concurrency === undefined || draw.chance(0.6) ? rules : { ...rules, concurrency: [shared] };
  };
  const functions = { one: drawn(), two: drawn() };
  const cancelOn = functions.one.cancelOn ?? functions.two.cancelOn;
  const arrivals = arrivalsOf(draw, ARRIVALS, cancelOn === undefined ? {} : { cancelOn }, GAP_MAX);
  return {
    seed,
    functions,
    arrivals,
    faults: Array.from({ length: draw.number(0, FAULTS_MAX) }, () => ({
      kind: draw.oneOf(FAULT_KINDS),
      at: draw.number(1, CALLS),
    })),
    mail: draw.oneOf(["as sent", "twice", "shuffled"] as const),
    deadly: arrivals.filter(() => draw.chance(0.1)).map(({ id }) => id),
  };
}

function optionsOf(draw: Draw): readonly Option[] {
  for (;;) {
    const options = new Set(Array.from({ length: draw.number(1, OPTIONS_MAX) }, () => draw.oneOf(OPTIONS)));
    if (areAllowed([...options])) return [...options];
  }
}

export const mailOf = ({ mail, seed }: Story): Mail | undefined =>
  mail === "as sent" ? undefined : mail === "twice" ? twice(0) : shuffled(seed);
