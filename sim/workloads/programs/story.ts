import type { Act, Story, Workload } from "../../contract.ts";
import type { Draw } from "../../draw.ts";
import { type Cast, castText, functionsOf, LIFECYCLES, mainsOf } from "./cast.ts";
import { drawProgram, type Mix, waitsOf } from "./draw-program.ts";
import { GO, type Program, signalOf } from "./grammar.ts";
import { judgeCast, signalsOf } from "./judge.ts";
import { endsOf } from "./model.ts";

/** A family of programs. */
export interface Family {
  readonly name: string;
  readonly mix: Mix;
  /** Functions that are started by events, and those that are invoked, at most. */
  readonly mains: number;
  readonly children: number;
  /** Events that start something, at most. */
  readonly events: number;
  /** How many of them are cancelled. */
  readonly cancelled?: number;
  /** How often there are listeners and follow-ups. */
  readonly lifecycle?: number;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** When an event that something waits for may come: before it waits, while it does, and too late. */
const SIGNALS_AT = [0, 2 * SECOND, 60 * SECOND, 90 * SECOND, 2 * HOUR, 3 * DAY, 12 * DAY] as const;
const CANCELS_AFTER = [0, 1, 30 * SECOND, 20 * 60 * SECOND, 3 * HOUR, 5 * DAY] as const;
/** More would be a story without end, in days or in possible ends. */
const LONGEST_MS = 18 * DAY;
const ENDS_MAX = 48;
const DRAWS_MAX = 200;

export const programWorkload = (family: Family): Workload => ({
  name: family.name,
  draw: (draw) => {
    const { cast, acts } = drawCast(draw, family);
    return {
      about: castText(cast),
      waits: draw.oneOf(["stepFunctions", "table"] as const),
      // Short enough for a run to be passed on between two slow steps.
      ...(draw.chance(0.3) && { timeoutMs: 90 * SECOND }),
      functions: (app) => functionsOf(cast, app),
      acts,
      judge: (played) => judgeCast(cast, played),
    } satisfies Story;
  },
});

/** Programs, and what happens to them. */
export interface Drawn {
  readonly cast: Cast;
  readonly acts: readonly Act[];
}

export function drawCast(draw: Draw, family: Family): Drawn {
  for (let i = 0; i < DRAWS_MAX; i++) {
    const drawn = drawAny(draw, family);
    if (isTellable(drawn)) return drawn;
  }
  throw new Error(`There is no short story of ${family.name}.`);
}

function drawAny(draw: Draw, family: Family): Drawn {
  const { mix } = family;
  const children: Program[] = [];
  for (let i = draw.number(Math.min(1, family.children), family.children); i > 0; i--) {
    const known = children.map(({ id }) => id);
    children.push(drawProgram(draw, { ...mix, size: [1, 3] }, `c${children.length}`, known));
  }
  const known = children.map(({ id }) => id);
  const mains = Array.from({ length: draw.number(1, family.mains) }, (_, i) => drawProgram(draw, mix, `m${i}`, known));
  const tells = draw.chance(family.lifecycle ?? 0.1);
  const cast: Cast = {
    programs: [...children, ...mains],
    mains: mains.length,
    followed: tells || draw.chance(0.2),
    heard: tells ? draw.some(LIFECYCLES, 0.6) : [],
  };
  return { cast, acts: drawActs(draw, family, cast) };
}

function drawActs(draw: Draw, { events, cancelled = 0 }: Family, cast: Cast): readonly Act[] {
  const acts: Act[] = [];
  const count = draw.number(1, events);
  for (let n = 1; n <= count; n++) {
    const at = (n - 1) * draw.oneOf([0, 300, 40 * SECOND]);
    const event = { id: `go${n}`, name: GO, data: { n } };
    acts.push({ kind: "send", at, event });
    if (draw.chance(0.15)) acts.push({ kind: "send", at: at + draw.oneOf([0, 5 * SECOND, 2 * HOUR]), event });
    if (draw.chance(cancelled))
      acts.push({ kind: "cancel", at: at + draw.oneOf(CANCELS_AFTER), eventId: event.id, ...one(draw, cast) });
    acts.push(
      ...waitsOf(cast.programs).flatMap((wait) => (draw.chance(0.7) ? [signal(draw, signalOf(wait), n, at)] : [])),
    );
  }
  return acts.toSorted((a, b) => a.at - b.at);
}

const one = (draw: Draw, cast: Cast) => (draw.chance(0.3) ? { functionId: draw.oneOf(mainsOf(cast)).id } : {});

/** An event that something may wait for; one in five is for nobody. */
function signal(draw: Draw, name: string, n: number, from: number): Act {
  const at = from + draw.oneOf(SIGNALS_AT);
  const id = `${name}-${n}-${draw.number(1, 999)}`;
  return {
    kind: "send",
    at,
    event: { id, name, data: { n: draw.chance(0.8) ? n : 77, value: `v${draw.number(1, 99)}` } },
  };
}

/** Whether its ends can be counted, and it is over some day. */
function isTellable({ cast, acts }: Drawn): boolean {
  const programs = new Map(cast.programs.map((program) => [program.id, program]));
  const worst = { programs, signals: signalsOf(acts), slackMs: 2 * DAY, crashes: 0 };
  return mainsOf(cast).every((program) => {
    const ends = endsOf(worst, program, { n: 1 }, { from: 0, to: 2 * DAY });
    return ends.length <= ENDS_MAX && ends.every(({ to }) => to <= LONGEST_MS);
  });
}
