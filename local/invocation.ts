import { AsyncLocalStorage } from "node:async_hooks";

/**
 * One run of a Lambda handler in this process: who calls AWS from inside of it is found by the asynchronous context. Tells the time
 * driver when it last did something, and the meter how many of its AWS calls had to wait for one another.
 */
export class Invocation {
  readonly id: string;
  readonly functionName: string;
  /** Real milliseconds (monotonic) of its last sign of life. */
  lastActivity = performance.now();
  #pauses = 0;
  #longestFinished = 0;
  #longest = 0;
  #dead = false;
  readonly #death = Promise.withResolvers<void>();
  readonly #onPause: () => void;

  /** @param onPause called when it begins to wait for the clock: whoever waits for its next sign of life need not wait any more */
  constructor(id: string, functionName: string, onPause: () => void = () => {}) {
    this.id = id;
    this.functionName = functionName;
    this.#onPause = onPause;
  }

  /** What a timer does (a heartbeat) is no sign that the handler goes on. */
  touch(): void {
    if (background.getStore() === undefined) this.lastActivity = performance.now();
  }

  /** Ends it at once, as SIGKILL ends a process: Lambda knows, and nothing that it still does reaches AWS. */
  kill(): void {
    this.#dead = true;
    this.#death.resolve();
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Resolves when it is killed. */
  get death(): Promise<void> {
    return this.#death.promise;
  }

  /** It does nothing until its clock says so: time may pass over it. */
  get paused(): boolean {
    return this.#pauses > 0;
  }

  pause(): void {
    this.#pauses++;
    this.#onPause();
  }

  resume(): void {
    this.touch();
    this.#pauses--;
  }

  /** An AWS call begins; the function returned ends it. */
  beginCall(): () => void {
    this.touch();
    const depth = this.#longestFinished + 1;
    this.#longest = Math.max(this.#longest, depth);
    return () => {
      this.touch();
      this.#longestFinished = Math.max(this.#longestFinished, depth);
    };
  }

  /** Length of the longest chain of calls of which each began after the one before had ended: overlapping calls count once. */
  get sequentialCalls(): number {
    return this.#longest;
  }
}

const current = new AsyncLocalStorage<Invocation>();
const background = new AsyncLocalStorage<true>();

/** Runs what a timer does beside the handler that set it. */
export const runInBackground = <T>(fn: () => T): T => background.run(true, fn);

export const currentInvocation = (): Invocation | undefined => current.getStore();

export const runInInvocation = <T>(invocation: Invocation, fn: () => T): T => current.run(invocation, fn);
