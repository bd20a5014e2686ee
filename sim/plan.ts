import { chanceOf, numberOf } from "./chance.ts";
import type { Act, Story, Workload } from "./contract.ts";
import { Draw } from "./draw.ts";
import { FAULT_KINDS, type Fault, type FaultKind, type Strike } from "./faults.ts";

/** Everything that decides how a story goes, as data. The same plan goes the same way, on any machine. */
export interface Plan {
  readonly seed: number;
  readonly workload: string;
  readonly acts: readonly Act[];
  /** Of calls that wait at the same time, one that the seed draws goes first, or the one that came first. */
  readonly order: "drawn" | "as they come";
  readonly weather: Weather;
}

/** What goes wrong. */
export interface Weather {
  /** At these places. */
  readonly faults: readonly Fault[];
  /** And of all calls, messages and schedules so many, by kind: a fraction each. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** Clocks of processes differ from the store's by up to so many milliseconds. */
  readonly skewMs: number;
}

export const CALM: Weather = { faults: [], rates: {}, skewMs: 0 };

/** One story in so many has no weather at all: everything about it can be judged exactly. */
const CALM_OF = 0.25;
const STORM_OF = 0.2;
const FAULTS_MAX = 3;
/** Most stories make more calls, short ones thirty. */
const CALLS = 120;
const SKEW_MS = 2_000;
/** Of the sweeper's looks at an index. */
const STALE_OF = 0.5;
/** Of the timers. */
const EARLY_OF = [0.1, 0.2, 0.4] as const;

/** Where a fault leaves most behind: half of the faults strike there. All runs make these calls … */
const SORE = [
  "(SET #owner)",
  "(SET #armed",
  "(SET #status",
  "step#",
  "body ",
  "PutItem event#",
  "SendMessage",
  "ChangeMessageVisibility",
] as const;
/** … and those with waits, timers or flow control these. */
const SORE_OF_SOME = [
  "listener#",
  "StartExecution",
  "SendTaskSuccess",
  "/schedules/",
  "#slots#",
  "#backlog#",
  "#bucket#",
  "#lock#",
] as const;

/** What a seed tells of a workload, and the plan by which it goes. */
export function planOf(workload: Workload, seed: number): { readonly story: Story; readonly plan: Plan } {
  const story = workload.draw(new Draw(seed));
  const draw = new Draw(Math.floor(chanceOf(seed, "weather") * 2 ** 31));
  const plan = { seed, workload: workload.name, acts: story.acts, order: "drawn", weather: weatherOf(draw) } as const;
  return { story, plan };
}

function weatherOf(draw: Draw): Weather {
  if (draw.chance(CALM_OF)) return CALM;
  const skewMs = draw.chance(0.3) ? SKEW_MS : 0;
  const others = {
    ...(draw.chance(0.4) && mailRates(draw)),
    ...(draw.chance(0.3) && { stale: STALE_OF }),
    ...(draw.chance(0.3) && { early: draw.oneOf(EARLY_OF) }),
  };
  if (draw.chance(STORM_OF)) return { faults: [], rates: { ...stormRates(draw), ...others }, skewMs };
  return { faults: Array.from({ length: draw.number(1, FAULTS_MAX) }, () => faultOf(draw)), rates: others, skewMs };
}

const DRAWN_KINDS = [...FAULT_KINDS, "delay", "backOff"] as const;
/** What may strike a call. A timer is not likely to be hit by chance: they have a rate of their own. */
export const CALL_KINDS = [...DRAWN_KINDS, "early"] as const;

function faultOf(draw: Draw): Fault {
  const kind = draw.oneOf(DRAWN_KINDS);
  const time = kind === "delay" ? { ms: msOf("delay", draw.number(0, 999) / 1_000) } : {};
  // Equally often among the first ten calls as among the next hundred.
  if (draw.chance(0.5)) return { kind, at: Math.floor(CALLS ** (draw.number(0, 999) / 1_000)), ...time };
  const at = draw.oneOf(draw.chance(0.8) ? SORE : SORE_OF_SOME);
  return { kind, at, nth: draw.number(1, draw.number(1, 4)), ...time };
}

/** A few kinds at a time, so that they are not drowned by one another. */
const stormRates = (draw: Draw): Weather["rates"] =>
  Object.fromEntries(
    Array.from({ length: draw.number(1, 3) }, () => [draw.oneOf(DRAWN_KINDS), draw.number(2, 20) / 1_000] as const),
  );

/** Copies make copies: with more of them, what is invoked by what is invoked is sent a thousand times. */
const mailRates = (draw: Draw): Weather["rates"] => ({
  ...draw.maybe({ duplicate: draw.oneOf([0.05, 0.15, 0.4]) }),
  ...draw.maybe({ late: draw.oneOf([0.05, 0.3, 1]) }),
});

const LATE_MS_MAX = 30_000;
const DELAY_MS = { from: 20, to: 20_000 };
/** From what clocks differ by to some times the longest delay of a queue: who is too early sends on, and each doubled message doubles what follows. */
const EARLY_MS = { from: 1_000, to: 3_600_000 };

type Timed = "delay" | "late" | "duplicate" | "early";
const takesTime = (kind: FaultKind): kind is Timed => ["delay", "late", "duplicate", "early"].includes(kind);

/** How long something takes, by a fraction; the short as often as the long. */
function msOf(kind: Timed, fraction: number): number {
  if (kind === "late" || kind === "duplicate") return Math.floor(fraction * LATE_MS_MAX);
  const { from, to } = kind === "delay" ? DELAY_MS : EARLY_MS;
  return Math.floor(from * (to / from) ** fraction);
}

/** What a seed does to the call or message of that name, if it is one of these kinds. */
export function drawnStrike(plan: Plan, kinds: readonly FaultKind[], name: string, nth: number): Strike | undefined {
  const { seed, weather } = plan;
  const kind = kinds.find((one) => chanceOf(seed, `${one} ${name} ${nth}`) < (weather.rates[one] ?? 0));
  if (kind === undefined) return undefined;
  const fraction = chanceOf(seed, `ms ${name} ${nth}`);
  return takesTime(kind) ? { kind, ms: msOf(kind, fraction) } : { kind };
}

/** As often the SDK makes a throttled call again. */
const RETRIES = 3;
const BACKOFF_MS = 500;

/** What a seed has the SDK wait before each of its retries, in milliseconds. A call that gets through does so at the last of them. */
export function drawnBackoff(
  { seed }: Plan,
  kind: "throttle" | "backOff",
  name: string,
  nth: number,
): readonly number[] {
  const retries = kind === "throttle" ? RETRIES : numberOf(seed, `retries ${name} ${nth}`, 1, RETRIES);
  return Array.from({ length: retries }, (_, i) =>
    numberOf(seed, `backoff ${i} ${name} ${nth}`, 0, BACKOFF_MS * 2 ** i),
  );
}

/** How far the clock of a process is off, in milliseconds. */
export const skewOf = ({ seed, weather: { skewMs } }: Plan, process: string): number =>
  skewMs === 0 ? 0 : numberOf(seed, `skew ${process}`, -skewMs, skewMs);
