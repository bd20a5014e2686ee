import { seededRandom } from "../local/random.ts";

/** Drawn by a seed: the same seed draws the same. */
export class Draw {
  readonly #random: ReturnType<typeof seededRandom>;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number, both ends included. */
  number(from: number, to: number): number {
    return from + Math.floor(this.#random.fraction() * (to - from + 1));
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.number(0, choices.length - 1)] as T;
  }

  /** So many of them, in their order. */
  some<T>(choices: readonly T[], of: number): readonly T[] {
    return choices.filter(() => this.chance(of));
  }

  chance(of: number): boolean {
    return this.#random.fraction() < of;
  }

  /** A part of an object, or nothing. */
  maybe<T extends object>(part: T): T | object {
    return this.chance(0.5) ? part : {};
  }

  /** Another source of chance, so that what is drawn from one does not shift what is drawn from the other. */
  fork(): Draw {
    return new Draw(this.number(0, 2 ** 31 - 1));
  }
}
