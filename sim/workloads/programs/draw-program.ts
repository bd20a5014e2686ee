import type { Draw } from "../../draw.ts";
import { type Failing, type Node, nodesOf, type Program, type StepNode } from "./grammar.ts";

/** What programs are made of. */
export interface Mix {
  /** How often each kind is drawn, in proportion. */
  readonly weights: Partial<Readonly<Record<Node["kind"], number>>>;
  /** Operations, counted in the text of the program. */
  readonly size: readonly [number, number];
  /** Of steps: how many fail at first, how many for good, how many are slow, how many have a large result. */
  readonly failing: number;
  readonly broken: number;
  readonly slow: number;
  readonly large: number;
  /** Tries of steps and handlers, to choose from. */
  readonly attempts: readonly number[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** In place, by a queue's delay, by a schedule, and so long that nothing that goes wrong takes as long. */
const SLEEPS = [400, 20 * SECOND, 10 * MINUTE, 2 * HOUR, 4 * DAY] as const;
const WAITS = [MINUTE, 3 * HOUR, 6 * DAY] as const;
/** The first is that of a sleep: both are over at the same moment. */
const INVOKE_TIMEOUTS = [10 * MINUTE, 30 * MINUTE, 3 * DAY] as const;
/** Below and above what is kept in an item. */
const PADDINGS = [3_000, 250_000, 600_000] as const;
const GROUPS: readonly Node["kind"][] = ["sequence", "parallel", "race", "loop", "try", "choice", "call"];
const DEPTH_MAX = 3;

/** A program that may invoke these functions. Its ids begin with its own. */
export function drawProgram(draw: Draw, mix: Mix, id: string, children: readonly string[]): Program {
  const author = new Author(draw, mix, id, children);
  const helpers = (mix.weights.call ?? 0) > 0 ? { [`${id}help`]: author.sequence(2, 2) } : {};
  author.helpers = Object.keys(helpers);
  const body = author.sequence(draw.number(...mix.size), 0);
  const padding = draw.chance(mix.large) ? { padding: draw.oneOf(PADDINGS) } : {};
  return { id, body, helpers, attempts: draw.oneOf(mix.attempts), ...padding };
}

class Author {
  helpers: readonly string[] = [];
  readonly #draw: Draw;
  readonly #mix: Mix;
  readonly #program: string;
  readonly #children: readonly string[];
  #count = 0;

  constructor(draw: Draw, mix: Mix, program: string, children: readonly string[]) {
    this.#draw = draw;
    this.#mix = mix;
    this.#program = program;
    this.#children = children;
  }

  /** Some nodes that have so many operations together. */
  sequence(size: number, depth: number): Node {
    const of: Node[] = [];
    for (let left = size; left > 0; ) {
      const part = this.#draw.number(1, left);
      of.push(this.#node(part, depth));
      left -= part;
    }
    return of.length === 1 ? (of[0] as Node) : { kind: "sequence", of };
  }

  #node(size: number, depth: number): Node {
    const kind = this.#kind(size, depth);
    switch (kind) {
      case "parallel":
      case "race":
        return { kind, id: this.#id(kind), of: this.#branches(size, depth) };
      case "loop":
        return { kind, times: this.#draw.number(2, 3), of: this.sequence(size, depth + 1) };
      case "try":
        return { kind, of: this.sequence(size, depth + 1) };
      case "choice":
        return { kind, of: [this.sequence(size, depth + 1), this.sequence(1, depth + 1)] };
      case "call":
        return { kind, helper: this.#draw.oneOf(this.helpers) };
      case "sequence":
        return this.sequence(size, depth + 1);
      default:
        return size > 1 ? this.sequence(size, depth + 1) : this.#operation(kind);
    }
  }

  #kind(size: number, depth: number): Node["kind"] {
    const kinds = Object.entries(this.#mix.weights) as [Node["kind"], number][];
    const possible = kinds.filter(([kind]) => {
      if (kind === "call") return this.helpers.length > 0;
      if (kind === "invoke") return this.#children.length > 0;
      // Between a branch and its siblings it would begin the others anew.
      if (kind === "stumble") return depth === 0;
      return !GROUPS.includes(kind) || (depth < DEPTH_MAX && size > 1);
    });
    const all = possible.flatMap(([kind, weight]) => Array<Node["kind"]>(weight).fill(kind));
    return all.length === 0 ? "step" : this.#draw.oneOf(all);
  }

  #branches(size: number, depth: number): readonly Node[] {
    const count = Math.min(size, this.#draw.number(2, 4));
    return Array.from({ length: count }, () => this.sequence(Math.max(1, Math.floor(size / count)), depth + 1));
  }

  #operation(kind: Node["kind"]): Node {
    switch (kind) {
      case "sleep":
        return { kind, id: this.#id(kind), ms: this.#draw.oneOf(SLEEPS) };
      case "wait": {
        const by = this.#draw.oneOf(["match", "if"] as const);
        return { kind, id: this.#id(kind), timeoutMs: this.#draw.oneOf(WAITS), by };
      }
      case "invoke": {
        const timeout = this.#draw.chance(0.3) ? { timeoutMs: this.#draw.oneOf(INVOKE_TIMEOUTS) } : {};
        return { kind, id: this.#id(kind), child: this.#draw.oneOf(this.#children), ...timeout, ...this.#padding() };
      }
      case "send":
        return { kind, id: this.#id(kind), count: this.#draw.number(1, 3), ...this.#padding() };
      case "unawaited":
        return { kind, of: this.#step() };
      case "stumble":
        return { kind, times: this.#draw.number(1, 2) };
      default:
        return this.#step();
    }
  }

  #step(): StepNode {
    const { failing, broken, slow } = this.#mix;
    const draw = this.#draw;
    return {
      kind: "step",
      id: this.#id("step"),
      ...(draw.chance(failing) && { fails: this.#failing() }),
      ...(draw.chance(broken) && { broken: true as const }),
      ...(draw.chance(slow) && { slowMs: draw.oneOf([700, 8_000, 25_000]) }),
      ...this.#padding(),
    };
  }

  #padding() {
    return this.#draw.chance(this.#mix.large) ? { padding: this.#draw.oneOf(PADDINGS) } : {};
  }

  #failing(): Failing {
    const by = this.#draw.oneOf(["error", "error", "later", "death"] as const);
    return { times: this.#draw.number(1, by === "death" ? 1 : 2), by };
  }

  #id(kind: Node["kind"]): string {
    this.#count++;
    return `${this.#program}-${kind}${this.#count}`;
  }
}

/** Waits of programs, each once. */
export const waitsOf = (programs: readonly Program[]) =>
  programs.flatMap(nodesOf).filter((node) => node.kind === "wait");
