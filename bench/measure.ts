import { median } from "./statistics.ts";
import { type Aim, type Figure, isMet, type Unit, type Workload } from "./workload.ts";

/** A figure over all rounds. */
export interface Summary {
  readonly name: string;
  readonly unit: Unit;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly aim?: Aim;
  /** Of the median. */
  readonly met?: boolean;
  readonly others?: string;
}

export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly rounds: number;
  readonly figures: readonly Summary[];
}

/** Measures a workload: once to warm up, then so many times; once in all if it is exact. */
export async function measure(workload: Workload, rounds: number, progress: (text: string) => void): Promise<Measured> {
  const { name, title, exact } = workload;
  const opened = await workload.open();
  try {
    const taken: (readonly Figure[])[] = [];
    if (exact !== true) {
      progress(`${name} warm-up`);
      await opened.round();
    }
    const count = exact === true ? 1 : rounds;
    for (let i = 1; i <= count; i++) {
      progress(`${name} ${i} of ${count}`);
      taken.push(await opened.round());
    }
    return { name, title, rounds: count, figures: summarize(taken) };
  } finally {
    await opened.close();
  }
}

export function summarize(rounds: readonly (readonly Figure[])[]): readonly Summary[] {
  const [first = []] = rounds;
  return first.map(({ name, unit, aim, others }, i) => {
    const values = rounds.map((figures) => figures[i]?.value ?? Number.NaN);
    const middle = median(values);
    return {
      name,
      unit,
      median: middle,
      min: Math.min(...values),
      max: Math.max(...values),
      ...(aim !== undefined && { aim, met: isMet(middle, aim) }),
      ...(others !== undefined && { others }),
    };
  });
}
