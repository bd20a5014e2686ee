/**
 * A plain model of the programs: an interpreter without any engine, which tells all ends that a program may have. It is written from
 * the documents, and not from the engine.
 *
 * Time is an interval: nothing ends before `from` or after `to`, in milliseconds after the story's start. Where intervals tell who is
 * first (of a race, of an event and a timeout), there is one end; where they do not, there are several.
 */
import {
  beginning,
  type Input,
  type InvokeNode,
  LATER_MS,
  type Node,
  noWay,
  outputOf,
  type Program,
  STUMBLED,
  type StepNode,
  shortened,
  signalOf,
  tokenOf,
  type WaitNode,
} from "./grammar.ts";

/** What a program's end depends on, beside itself. */
export interface Surroundings {
  readonly programs: ReadonlyMap<string, Program>;
  /** Events that waits may get. */
  readonly signals: readonly Signal[];
  /** Everything may be so much later than it should be, in milliseconds. */
  readonly slackMs: number;
  /** Processes that may have died, or stood still for longer than their lease. */
  readonly crashes: number;
}

export interface Signal {
  readonly name: string;
  readonly n: number;
  readonly value: string;
  /** When it was sent. */
  readonly at: number;
}

/** One way in which it may end. */
export interface End {
  readonly text: string;
  /** The code of the error that ends it, or its message; undefined: it completes. */
  readonly error?: string;
  readonly from: number;
  readonly to: number;
}

interface Here extends Surroundings {
  readonly program: Program;
  readonly n: number;
}

type Moment = Pick<End, "text" | "from" | "to">;

/** Clocks differ, the bus tells seconds, and queues delay by whole ones. */
export const BLUR_MS = 5_000;

/** All ends of a run that is asked for at this time. */
export function endsOf(
  around: Surroundings,
  program: Program,
  input: Input,
  { from, to }: { readonly from: number; readonly to: number },
): readonly End[] {
  const here = { ...around, program, n: input.n };
  const ends = evaluate(here, program.body, { text: beginning(input), from, to });
  const crashed = around.crashes > program.attempts ? [{ text: "", error: "STEPWELL_RUN_CRASHED", from, to }] : [];
  const given = ends.map((end) =>
    end.error === undefined ? { ...end, text: shortened(outputOf(program, end.text)) } : end,
  );
  return distinct([...given, ...crashed]);
}

function evaluate(here: Here, node: Node, now: Moment): readonly End[] {
  switch (node.kind) {
    case "step":
      return step(here, node, now);
    case "sleep":
      return [{ text: `${now.text}>${node.id}`, from: later(now.from, node.ms), to: now.to + node.ms + BLUR_MS }];
    case "wait":
      return wait(here, node, now);
    case "invoke":
      return invoke(here, node, now);
    case "send":
      return [{ ...now, text: `${now.text}>${node.id}*${node.count}` }];
    case "sequence":
      return node.of.reduce<readonly End[]>((ends, part) => then(ends, (end) => evaluate(here, part, end)), [now]);
    case "parallel":
      return parallel(here, node.of, now);
    case "race":
      return race(here, node.of, now);
    case "loop":
      return evaluate(here, { kind: "sequence", of: Array<Node>(node.times).fill(node.of) }, now);
    case "try":
      return distinct(evaluate(here, node.of, now).map((end) => caught(now, end)));
    case "choice":
      return evaluate(here, node.of[now.text.length % 2] as Node, now);
    case "call":
      return evaluate(here, here.program.helpers[node.helper] as Node, now);
    case "unawaited":
      return [now];
    case "stumble":
      return stumble(here, node.times, now);
  }
}

/** The handler's tries are counted apart from those of its steps; only a death makes the engine count on. */
function stumble({ program, crashes }: Here, times: number, now: Moment): readonly End[] {
  const good = { ...now, to: now.to + backoffs(times) };
  if (times < program.attempts) return [good];
  const failed = { ...good, text: "", error: STUMBLED };
  return crashes > 0 ? [good, failed] : [failed];
}

/** What comes after all that went well. */
const then = (ends: readonly End[], next: (end: End) => readonly End[]): readonly End[] =>
  distinct(ends.flatMap((end) => (end.error === undefined ? next(end) : [end])));

const caught = (before: Moment, { error, from, to, text }: End): End =>
  error === undefined ? { text, from, to } : { text: `${before.text}!${error}`, from, to };

const later = (from: number, ms: number): number => from + Math.max(0, ms - BLUR_MS);

/** Longest delays between tries: 1 s, 2 s, …, and what a queue rounds up. */
const backoffs = (tries: number): number => tries * BLUR_MS + 1_000 * 2 ** tries;

function step({ program, crashes }: Here, node: StepNode, now: Moment): readonly End[] {
  const { times = 0, by } = node.fails ?? {};
  const waits = by === "later" ? times * (LATER_MS + BLUR_MS) : by === "death" ? times * 60_000 : backoffs(times);
  const to = now.to + waits + (times + 1) * (node.slowMs ?? 0);
  const from = by === "later" ? later(now.from, times * LATER_MS) : now.from;
  const good = { text: `${now.text}>${shortened(tokenOf(node, now.text))}`, from, to };
  const failed = { text: "", error: noWay(node.id), from, to };
  const crashed = { ...failed, error: "STEPWELL_STEP_CRASHED" };
  // A process that dies uses up a try of a step that was in flight, or of its neighbour, or none: results start the count over.
  const mayCrash = times + crashes >= program.attempts && crashes > 0;
  if (mayCrash) return node.broken ? [failed, crashed] : [good, failed, crashed];
  return node.broken || times >= program.attempts ? [failed] : [good];
}

/** An event that was sent while it waited for sure is got for sure; one that may have been may be. */
function wait({ signals, n, slackMs }: Here, node: WaitNode, now: Moment): readonly End[] {
  const over = { from: later(now.from, node.timeoutMs), to: now.to + node.timeoutMs + BLUR_MS };
  const mine = signals.filter((signal) => signal.name === signalOf(node) && signal.n === n);
  const possible = mine.filter(({ at }) => at >= now.from - BLUR_MS && at <= over.to);
  const isSure = possible.some(({ at }) => at >= now.to + BLUR_MS && at + slackMs <= over.from);
  const got = possible.map(({ at, value }) => ({
    text: `${now.text}>${node.id}=${value}`,
    from: Math.max(now.from, at),
    to: Math.max(now.to, at + slackMs) + BLUR_MS,
  }));
  return distinct(isSure ? got : [...got, { ...over, text: `${now.text}>${node.id}=null` }]);
}

function invoke(here: Here, node: InvokeNode, now: Moment): readonly End[] {
  const child = here.programs.get(node.child);
  if (child === undefined) throw new Error(`There is no program "${node.child}".`);
  const ends = endsOf(here, child, { n: here.n, from: node.id }, now).map((end) =>
    end.error === undefined ? { ...end, text: `${now.text}>${node.id}(${end.text})` } : end,
  );
  if (node.timeoutMs === undefined) return ends;
  const over = { from: later(now.from, node.timeoutMs), to: now.to + node.timeoutMs + BLUR_MS };
  const inTime = ends.filter(({ from }) => from <= over.to).map((end) => ({ ...end, to: Math.min(end.to, over.to) }));
  const isSlow = ends.some(({ to }) => to >= over.from);
  return distinct([...inTime, ...(isSlow ? [{ ...over, text: "", error: "STEPWELL_INVOKE_TIMEOUT" }] : [])]);
}

/** The branches' texts in their order, or the first error. */
function parallel(here: Here, branches: readonly Node[], now: Moment): readonly End[] {
  const each = branches.map((branch) => evaluate(here, branch, { ...now, text: "" }));
  const ways = each.reduce<readonly (readonly End[])[]>(
    (combined, ends) => combined.flatMap((way) => ends.map((end) => [...way, end])),
    [[]],
  );
  return distinct(
    ways.flatMap((way) => {
      const errors = way.filter(({ error }) => error !== undefined);
      if (errors.length > 0) return errors.filter(({ from }) => errors.every(({ to }) => from <= to));
      const text = `${now.text}[${way.map((end) => end.text).join("|")}]`;
      return [{ text, from: latest(way, "from", now), to: latest(way, "to", now) }];
    }),
  );
}

const latest = (ends: readonly Moment[], side: "from" | "to", now: Moment): number =>
  Math.max(now[side], ...ends.map((end) => end[side]));

/** Whoever may end before all others have for sure. */
function race(here: Here, branches: readonly Node[], now: Moment): readonly End[] {
  const each = branches.map((branch) => evaluate(here, branch, { ...now, text: "" }));
  const surely = Math.min(...each.map((ends) => latest(ends, "to", now)));
  return distinct(
    each.flat().flatMap((end) => {
      if (end.from > surely) return [];
      const to = Math.min(end.to, surely);
      return [end.error === undefined ? { text: `${now.text}{${end.text}}`, from: end.from, to } : { ...end, to }];
    }),
  );
}

/** Each end once, at any of its times. */
function distinct(ends: readonly End[]): readonly End[] {
  const groups = Map.groupBy(ends, ({ text, error }) => (error === undefined ? `=${text}` : `!${error}`));
  return [...groups.values()].map((group) => ({
    ...(group[0] as End),
    from: Math.min(...group.map(({ from }) => from)),
    to: Math.max(...group.map(({ to }) => to)),
  }));
}
