import { Stepwell } from "stepwell";
import { vi } from "vitest";

// A proof plays its program some twenty times.
vi.setConfig({ testTimeout: 120_000 });

/** The app of the ten programs. */
export const stepwell = new Stepwell({ id: "programs" });

/** The world outside, that programs write to: each deed under a key, as a payment provider or a table takes it, so that twice is once. */
export class Outside {
  readonly #deeds = new Map<string, unknown>();
  /** How often anything was asked of it, also in vain. */
  calls = 0;

  /** Does it unless it has been done. */
  do<T>(key: string, deed: T): T {
    this.calls += 1;
    if (!this.#deeds.has(key)) this.#deeds.set(key, deed);
    return this.#deeds.get(key) as T;
  }

  undo(key: string): void {
    this.calls += 1;
    this.#deeds.delete(key);
  }

  /** What is there, in the order of the keys: in which order it came is chance. */
  list(): readonly (readonly [string, unknown])[] {
    return [...this.#deeds].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  clear(): void {
    this.#deeds.clear();
    this.calls = 0;
  }
}
