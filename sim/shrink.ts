/** Makes a failing story short: leaves out whatever it fails without. */
import type { Finding, Law } from "../audit/contract.ts";
import type { Story, Struck } from "./contract.ts";
import type { Fault } from "./faults.ts";
import { CALM, type Plan } from "./plan.ts";
import { type Result, simulate } from "./simulate.ts";

export interface Shrunk {
  readonly result: Result;
  /** How often the story was played for it. */
  readonly tries: number;
}

/** The same story by other plans: `simulate`, but for tests. */
export type Play = (story: Story, plan: Plan) => Promise<Result>;

const TRIES_MAX = 200;
/** In real milliseconds: a failing story is told in minutes, as short as it has become by then. */
const SHRINK_MS_MAX = 120_000;

/** The shortest story found that breaks the first law that `failed` breaks. */
export async function shrink(story: Story, failed: Result, play: Play = simulate): Promise<Shrunk> {
  const law = (failed.findings[0] as Finding).law;
  const search = new Search(law, (plan) => play(story, plan), failed);
  await search.accept((plan) => ({ ...plan, weather: CALM }));
  await search.accept((plan) => ({ ...plan, order: "as they come" }));
  await search.accept((plan) => ({ ...plan, weather: asItStruck(plan, failed.struck) }));
  await search.accept((plan) => ({ ...plan, weather: { ...plan.weather, skewMs: 0 } }));
  for (let size = -1; size !== sizeOf(search.best.plan); ) {
    size = sizeOf(search.best.plan);
    await search.leaveOut(
      ({ weather }) => weather.faults,
      (plan, faults) => ({ ...plan, weather: { ...plan.weather, faults } }),
    );
    await search.leaveOut(
      ({ acts }) => acts,
      (plan, acts) => ({ ...plan, acts }),
    );
    await search.accept((plan) => ({ ...plan, order: "as they come" }));
  }
  return { result: search.best, tries: search.tries };
}

const sizeOf = ({ acts, weather }: Plan): number => acts.length + weather.faults.length;

/** What was drawn, as a list of what struck: so that each can be left out alone. */
const asItStruck = ({ weather }: Plan, struck: readonly Struck[]): Plan["weather"] => ({
  faults: struck.flatMap(({ kind, at, nth, ms }): Fault[] =>
    kind === "die" ? [] : [{ kind, at: { name: at, nth }, ...(ms !== undefined && { ms }) }],
  ),
  rates: {},
  skewMs: weather.skewMs,
});

class Search {
  best: Result;
  tries = 0;
  #givenUp = false;
  readonly #until = performance.now() + SHRINK_MS_MAX;
  readonly #law: Law;
  readonly #play: (plan: Plan) => Promise<Result>;

  constructor(law: Law, play: (plan: Plan) => Promise<Result>, failed: Result) {
    this.#law = law;
    this.#play = play;
    this.best = failed;
  }

  /** Goes on from the changed plan if it fails too. */
  async accept(change: (plan: Plan) => Plan): Promise<boolean> {
    const plan = change(this.best.plan);
    const enough = this.#givenUp || this.tries >= TRIES_MAX || performance.now() > this.#until;
    if (enough || JSON.stringify(plan) === JSON.stringify(this.best.plan)) return false;
    this.tries++;
    const result = await this.#play(plan);
    // A story that stands still costs a minute each time: nobody waits for a shorter one of these.
    if (result.hung) this.#givenUp = true;
    if (!result.findings.some(({ law }) => law === this.#law)) return false;
    this.best = result;
    return true;
  }

  /** Leaves out halves of a list, then smaller parts, down to single ones (Zeller's ddmin). */
  async leaveOut<T>(of: (plan: Plan) => readonly T[], set: (plan: Plan, list: readonly T[]) => Plan): Promise<void> {
    for (let part = of(this.best.plan).length; part >= 1; part = Math.floor(part / 2)) {
      for (let from = 0; from < of(this.best.plan).length; ) {
        const without = of(this.best.plan).filter((_, i) => i < from || i >= from + part);
        if (!(await this.accept((plan) => set(plan, without)))) from += part;
      }
    }
  }
}
