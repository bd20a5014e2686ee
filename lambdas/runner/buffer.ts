import type { StepMemo } from "../../sdk/protocol/index.ts";
import { Fenced, type Held } from "./held.ts";
import { payloadBytes } from "./values.ts";

/** Results that are larger are written on their own; together they stay far below what an item may hold. In bytes. */
const BUFFERED_BYTES_MAX = 65_536;

/**
 * Results that the code has been given, and that are not written yet (`checkpointing`, PROTOCOLS.md P8). They are written together, while
 * the run is held, and before anything else that the code has led to. A process that dies before that has its steps executed once more:
 * as many as may be buffered.
 */
export class CheckpointBuffer {
  readonly #held: Held;
  #steps: StepMemo[] = [];
  #packs = 0;
  readonly #packOf = new Map<string, string>();
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  constructor(held: Held) {
    this.#held = held;
  }

  /** A step with an item of its own gets its result there. After a crash nothing is buffered: who made it is to be found (L9). */
  takes({ key, outcome }: StepMemo): boolean {
    const { memo, wasCrashed, fn } = this.#held;
    if (fn.checkpointing.bufferedSteps === 1 || wasCrashed || memo.has(key)) return false;
    return outcome !== undefined && (!outcome.ok || payloadBytes(outcome.data) <= BUFFERED_BYTES_MAX);
  }

  /** Whether no more may be given to the code before these are written. */
  get isFull(): boolean {
    const bytes = this.#steps.reduce((sum, { outcome }) => sum + (outcome?.ok ? payloadBytes(outcome.data) : 0), 0);
    return this.#steps.length >= this.#held.fn.checkpointing.bufferedSteps || bytes > BUFFERED_BYTES_MAX;
  }

  add(step: StepMemo): void {
    this.#steps.push(step);
    const { clock } = this.#held.deps;
    // One that fails is made again by whoever needs it.
    const write = () => void this.flush().catch(() => {});
    this.#cancelTimer ??= clock.at(clock.now() + this.#held.fn.checkpointing.maxIntervalMs, write);
  }

  /** Writes what there is. @throws Fenced */
  flush(): Promise<void> {
    const writing = this.#writing.catch(() => {}).then(() => this.#write());
    this.#writing = writing;
    return writing;
  }

  /** A result with the name of the pack that it is in, if it has been written. */
  asWritten(step: StepMemo): StepMemo {
    const pack = this.#packOf.get(step.key);
    return pack === undefined ? step : { ...step, pack };
  }

  async #write(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // A copy: more may come while these are being written.
    const steps = [...this.#steps];
    if (steps.length === 0) return;
    const { deps, run, fence } = this.#held;
    const name = `${String(fence).padStart(6, "0")}#${String(this.#packs).padStart(4, "0")}`;
    if (!(await deps.world.steps.pack(run, fence, name, steps))) throw new Fenced();
    this.#packs += 1;
    this.#steps = this.#steps.slice(steps.length);
    for (const { key } of steps) {
      this.#packOf.set(key, name);
      const step = this.#held.memo.get(key);
      if (step !== undefined) this.#held.memo.set(key, this.asWritten(step));
    }
  }
}
