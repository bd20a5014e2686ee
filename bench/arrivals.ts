/** Nothing that is measured takes so long, in ms: what has not arrived by then never will. */
const PATIENCE_MS = 60_000;

/** What handlers report while they run: the benchmark and its local cloud share a process. */
export class Arrivals<T> {
  #values: T[] = [];
  #wanted: { readonly count: number; readonly resolve: (values: readonly T[]) => void } | undefined;

  report(value: T): void {
    this.#values.push(value);
    this.#deliver();
  }

  /**
   * Resolves with the next `count` values once they are there. One taker at a time.
   * @throws Error after a minute: a run has failed
   */
  async take(count: number): Promise<readonly T[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly T[]>();
    const tooLate = () => reject(new Error(`Only ${this.#values.length} of ${count} reports have come in.`));
    const timer = setTimeout(tooLate, PATIENCE_MS);
    this.#wanted = { count, resolve };
    this.#deliver();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async takeOne(): Promise<T> {
    const [value] = await this.take(1);
    return value as T;
  }

  #deliver(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#values.length < wanted.count) return;
    this.#wanted = undefined;
    wanted.resolve(this.#values.splice(0, wanted.count));
  }
}
