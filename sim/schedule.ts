/**
 * One call at a time. Who calls AWS is held back until the event loop is quiet; then one of those who wait is let through, alone, and
 * the next only when all that its answer has set off is quiet again. So the interleaving of processes is drawn by a seed, and does not
 * depend on how a machine happens to run them.
 */
import type { Activity } from "../local/activity.ts";

/**
 * Turns of the event loop without a new call, after which all is quiet: an answer goes through the SDK's middleware and the runner to
 * the next call in fewer. Too few would be a duller choice, and the same one each time.
 */
const QUIET_TURNS = 6;

interface Waiting {
  /** The lowest goes first. */
  readonly rank: number;
  readonly go: () => void;
}

/** Ends a turn: the next one may go. */
export type EndTurn = () => void;

export class Schedule {
  readonly #activity: Activity;
  readonly #rankOf: (name: string) => number;
  readonly #waiting: Waiting[] = [];
  #arrivals = 0;
  #running: Promise<void> | undefined;

  /** @param rankOf by the name of a call, and which of that name it is; of equals the first to come goes first */
  constructor(activity: Activity, rankOf: (name: string) => number) {
    this.#activity = activity;
    this.#rankOf = rankOf;
  }

  /** Resolves when it is this call's turn, which ends when the function that it returns is called. */
  turn(name: string): Promise<EndTurn> {
    const rank = this.#rankOf(name);
    this.#arrivals++;
    return new Promise((resolve) => {
      const go = () => {
        const ended = Promise.withResolvers<void>();
        this.#running = ended.promise;
        resolve(ended.resolve);
      };
      this.#waiting.push({ rank, go });
      if (this.#waiting.length === 1 && this.#running === undefined) void this.#run();
    });
  }

  /** Time stands still meanwhile. */
  async #run(): Promise<void> {
    const end = this.#activity.begin();
    this.#running = Promise.resolve();
    for (;;) {
      await this.#quiet();
      const [first, ...others] = this.#waiting;
      if (first === undefined) break;
      const next = others.reduce((least, one) => (one.rank < least.rank ? one : least), first);
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.go();
      await this.#running;
    }
    this.#running = undefined;
    end();
  }

  async #quiet(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      quiet = seen === this.#arrivals ? quiet + 1 : 0;
      seen = this.#arrivals;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
