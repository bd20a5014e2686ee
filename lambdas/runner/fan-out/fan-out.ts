/**
 * The holder's side of `parallelism: "fanout"`: which steps run in invocations of their own (PROTOCOLS.md, P6).
 *
 * F1. The join says which they are. It is read before the memo: who has left it by then has a result in the memo.
 * F2. It is written on condition that nobody has left it since it was read; then each new step is sent its message; then the run
 *     suspends. So whoever is in it has a message, unless the holder who wrote it has not lived to suspend: then all are sent again.
 * F3. A step leaves it after its result is written, however often, and whoever sees it empty wakes the run.
 * F4. A step beside which no other one with a body is open runs in the run's own invocation, without a lease of its own.
 */
import type { Op } from "../../../sdk/execution/index.ts";
import { PARALLEL_STEPS_DEFAULT, type RunMessage } from "../../../sdk/protocol/index.ts";
import type { Join } from "../../aws/join-store.ts";
import type { RunHeader } from "../../engine/types.ts";
import type { Held } from "../held.ts";
import { runMessage } from "../operations/operation.ts";

/** What a holder finds of the steps that are in other invocations. */
export interface FanOutFacts {
  readonly join: Join | undefined;
  readonly header: Pick<RunHeader, "armed">;
  /** Everything is to be sent again (a sweeper asks for it). */
  readonly rearm: boolean;
}

export class FanOut {
  readonly #armed: number;
  #join: Join | undefined;
  /** Whether everybody in the join has a message (F2). */
  #isSent: boolean;
  /** Steps that wait until others have left the join. */
  #later: ReadonlySet<string> = new Set();

  constructor({ join, header, rearm }: FanOutFacts) {
    this.#armed = header.armed ?? 0;
    this.#join = join;
    this.#isSent = this.#isArmed() && !rearm;
  }

  /** Whether a step runs in an invocation of its own, or will: this one leaves it alone. */
  has(key: string): boolean {
    return this.#join?.pending.has(key) === true || this.#later.has(key);
  }

  /** Looks at the join again. To be called before the memo is read (F1). */
  async reload(held: Held): Promise<void> {
    if (this.#join !== undefined) await this.#read(held);
  }

  /**
   * Gives each of several open steps an invocation of its own. True: what is known has changed, look again.
   *
   * @param open steps with a body that have no result, and do not run here
   * @param runningHere how many more do
   */
  async spread(held: Held, open: readonly Op[], runningHere: number): Promise<boolean> {
    if (held.fn.parallelism === "inline" && this.#join === undefined) return false;
    const apart = open.filter(({ key }) => this.#join?.pending.has(key));
    const rest = open.filter((op) => !apart.includes(op) && isDue(held, op));
    const isSeveral = held.fn.parallelism === "fanout" && open.length + runningHere > 1;
    const fresh = isSeveral ? rest.slice(0, PARALLEL_STEPS_DEFAULT - apart.length) : [];
    this.#later = new Set(isSeveral ? rest.slice(fresh.length).map(({ key }) => key) : []);
    const unsent = this.#isSent ? fresh : [...apart, ...fresh];
    if (unsent.length === 0) return false;
    // They replay from what is written.
    await held.buffer.flush();
    this.#isSent = false;
    if (!(await this.#write(held, [...apart, ...fresh]))) return true;
    await send(held, unsent);
    this.#isSent = true;
    return true;
  }

  /** Refused: somebody has left meanwhile, and may have been the last; or the reply was lost, and nobody new has a message yet. */
  async #write(held: Held, ops: readonly Op[]): Promise<boolean> {
    const { deps, run, fence } = held;
    const join = { pending: new Set(ops.map(({ key }) => key)), fence };
    if (await deps.world.joins.write(run, join, this.#join)) {
      this.#join = { ...join, rev: (this.#join?.rev ?? 0) + 1 };
      return true;
    }
    await this.#read(held);
    await held.reload();
    return false;
  }

  async #read({ deps, run }: Held): Promise<void> {
    const { fence } = this.#join ?? {};
    this.#join = await deps.world.joins.get(run);
    if (this.#join?.fence !== fence) this.#isSent &&= this.#isArmed();
  }

  #isArmed(): boolean {
    return (this.#join?.fence ?? 0) <= this.#armed;
  }
}

/** A step between two tries has a timer of the run's: it is looked at when that is over. */
const isDue = ({ memo, deps }: Held, { key }: Op): boolean => (memo.get(key)?.until ?? 0) <= deps.clock.now();

async function send(held: Held, ops: readonly Op[]): Promise<void> {
  const { queue } = held.deps.world;
  const refused = await queue.sendToRuns(
    held.deps.binding.runQueueUrl,
    ops.map((op) => stepMessage(held, op)),
  );
  // Nothing is suspended now, so that whoever takes the run next sends them all again (F2).
  if (refused.length > 0) throw new Error(`${refused.length} steps could not be sent to invocations of their own.`);
}

function stepMessage(held: Held, { key, id, place, request: { kind, name } }: Op): RunMessage {
  const step = { id, kind, place, fence: held.fence, ...(name !== undefined && { name }) };
  return runMessage(held, `step:${key}`, { kind: "step", stepKey: key, step });
}
