import type { Invocation } from "./invocation.ts";

/** What is under way in one local cloud, so that the time driver knows when nothing is. Says so by promises; nobody polls it. */
export class Activity {
  readonly invocations = new Set<Invocation>();
  #busy = 0;
  #version = 0;
  #waiting: (() => void)[] = [];

  /** Work in flight that ends by itself: requests, deliveries. */
  get busy(): number {
    return this.#busy;
  }

  /** Grows with every change; the same value twice means that nothing happened between. */
  get version(): number {
    return this.#version;
  }

  begin(): () => void {
    this.#busy++;
    this.changed();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#busy--;
      this.changed();
    };
  }

  /** A request that waits for something to come (a long poll) is not work: time may pass over it. */
  async idleWhile<T>(promise: Promise<T>): Promise<T> {
    this.#busy--;
    this.changed();
    try {
      return await promise;
    } finally {
      this.#busy++;
      this.changed();
    }
  }

  enter(invocation: Invocation): void {
    this.invocations.add(invocation);
    this.changed();
  }

  leave(invocation: Invocation): void {
    if (this.invocations.delete(invocation)) this.changed();
  }

  changed(): void {
    this.#version++;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves at the next change. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
