/** Operations side by side, but for those that have to be alone. */
export class Turns {
  readonly #underWay = new Set<Promise<unknown>>();
  #alone: Promise<void> | undefined;

  async shared<T>(operation: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    return this.#noted(operation());
  }

  async alone<T>(operation: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#alone = promise;
    try {
      await Promise.allSettled(this.#underWay);
      return await operation();
    } finally {
      this.#alone = undefined;
      resolve();
    }
  }

  #noted<T>(promise: Promise<T>): Promise<T> {
    const ended = promise.then(
      () => {},
      () => {},
    );
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
    return promise;
  }
}
