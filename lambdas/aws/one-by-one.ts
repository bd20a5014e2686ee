/**
 * Lets work on one key go one after another within this process: without, what is under way together only makes each other's optimistic
 * writes fail. Between processes the condition of the write decides.
 *
 * @example
 * ```ts
 * const inTurn = oneByOne();
 * await Promise.all(events.map((event) => inTurn(event.key, () => add(event))));
 * ```
 */
export function oneByOne() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
