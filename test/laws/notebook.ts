import { currentInvocation } from "../../local/invocation.ts";

type Runs = { run: (id: string, body: () => unknown) => Promise<unknown> };

/** Outside of all clouds: what the user's code has really seen. */
export class Notebook {
  readonly lines: string[] = [];
  readonly #bodies: Record<string, number> = {};
  readonly #handed = new Map<string, Set<string>>();

  /** Step bodies begun, by name. */
  get bodies(): Readonly<Record<string, number>> {
    return { ...this.#bodies };
  }

  /** Values that steps have given to the code, as JSON, by name. */
  get handed(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#handed;
  }

  /**
   * A step whose body notes that it ran and returns the number of the try, so that a result of another try shows. `body` gets that
   * number. The dead do not write.
   */
  async step(step: Runs, id: string, body: (tries: number) => unknown = () => undefined): Promise<unknown> {
    const value = (await step.run(id, async () => {
      const tries = this.note(id);
      return { tries, value: await body(tries) };
    })) as { tries: number; value: unknown };
    this.hand(id, value);
    return value.value;
  }

  note(id: string): number {
    if (currentInvocation()?.dead) return 0;
    this.#bodies[id] = (this.#bodies[id] ?? 0) + 1;
    return this.#bodies[id];
  }

  hand(id: string, value: unknown): void {
    if (currentInvocation()?.dead) return;
    const seen = this.#handed.get(id) ?? new Set();
    this.#handed.set(id, seen.add(JSON.stringify(value ?? null)));
  }

  readonly log = {
    debug: () => {},
    info: () => {},
    warn: (message: string, fields?: object) => void this.lines.push(`${message} ${JSON.stringify(fields ?? {})}`),
    error: (message: string, fields?: object) => void this.lines.push(`${message} ${JSON.stringify(fields ?? {})}`),
  };

  readonly silence = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
}
