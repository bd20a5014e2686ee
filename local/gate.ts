/** Whether a function takes messages now; while it does not, they wait in their queue and are not counted as received. */
export class Gate {
  readonly #listeners = new Set<() => void>();
  #open = false;

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    if (this.#open) return;
    this.#open = true;
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.#open = false;
  }

  /** Calls `listener` each time it opens. Returns how to stop. */
  onOpen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
