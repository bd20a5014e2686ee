export interface HeapTimer {
  readonly time: number;
  /** Insertion order, which breaks ties. */
  readonly order: number;
  /** Taken back, or run. */
  cancelled: boolean;
}

/** A binary heap by (time, insertion). Cancelled timers stay until they come to the top. */
export class TimerHeap<T extends HeapTimer> {
  readonly #items: T[] = [];

  push(timer: T): void {
    this.#items.push(timer);
    this.#up(this.#items.length - 1);
  }

  /** The earliest live timer. */
  peek(): T | undefined {
    while (this.#items[0]?.cancelled) this.#removeTop();
    return this.#items[0];
  }

  pop(): T | undefined {
    const top = this.peek();
    if (top !== undefined) this.#removeTop();
    return top;
  }

  clear(): void {
    this.#items.length = 0;
  }

  #removeTop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#down();
  }

  #up(start: number): void {
    let child = start;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#less(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #down(): void {
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= this.#items.length) return;
      const child = left + 1 < this.#items.length && this.#less(left + 1, left) ? left + 1 : left;
      if (!this.#less(child, parent)) return;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #less(a: number, b: number): boolean {
    const [x, y] = [this.#items[a] as T, this.#items[b] as T];
    return x.time !== y.time ? x.time < y.time : x.order < y.order;
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as T;
    this.#items[a] = this.#items[b] as T;
    this.#items[b] = item;
  }
}
