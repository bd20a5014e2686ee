import { giveBackPromises, type HandOver, leaveGate, pump } from "../lambdas/aws/hand-over.ts";
import { gatesOf, orderOf } from "../lambdas/engine/flow-keys.ts";
import {
  type Entry,
  entryFor,
  isPromised,
  type Opening,
  promisedIn,
  shardsPromisedTo,
  shareOf,
} from "../lambdas/engine/gate.ts";
import { runIdOf } from "../lambdas/engine/run-id.ts";
import type { ConcurrencyLimit, GateRef, RunAddress } from "../sdk/protocol/index.ts";
import type { Engine } from "./engine.ts";

/** What runs are under way at a gate, and how they fared. */
export interface Contest {
  /** The most that have held a slot at a time. */
  most: number;
  /** Times that a shard was seen in the table with more holders than it has slots. */
  overfull: number;
  /** Runs that had to wait in line. */
  queued: number;
  /** The most runs that were let in while one waited. */
  overtaken: number;
  /** Turns that came to a run that did not wait for one any more. */
  surplus: number;
}

/** A slot is a lease for so long, in milliseconds: no run here takes that long. */
const SLOT_MS = 300_000;
const FENCE = 1;
const FUNCTION = { app: "bench", functionId: "contest" };

/** Runs of one key before a gate: each does what the runner does for it, without the rest of the runner. */
export class GateContest {
  readonly tally: Contest = { most: 0, overfull: 0, queued: 0, overtaken: 0, surplus: 0 };
  readonly #engine: Engine;
  readonly #limit: number;
  readonly #gate: GateRef;
  /** Those in line, and how each is told its shard. */
  readonly #turns = new Map<string, (shard: number) => void>();
  /** What is under way for turns that nobody has waited for. */
  readonly #surplus: Promise<void>[] = [];
  /** Those who keep their slot until somebody wants it, the longest first; and how often it has been wanted beyond that. */
  readonly #keepers: (() => void)[] = [];
  #wanted = 0;
  #holding = 0;
  #entered = 0;
  #begun = 0;

  constructor(engine: Engine, limit: number) {
    this.#engine = engine;
    this.#limit = limit;
    const one: ConcurrencyLimit = { limit, scope: "fn", key: "event.key" };
    const [gate] = gatesOf(FUNCTION, [one], { key: "one" });
    this.#gate = gate as GateRef;
  }

  /** One run: takes a slot, has it for a while, gives it up. */
  async pass(meanwhile: () => Promise<void>): Promise<void> {
    const n = this.#begun++;
    const at = Date.now();
    const id = String(n).padStart(8, "0");
    const run = { env: this.#engine.binding.env, ...FUNCTION, runId: runIdOf(FUNCTION, id, at) };
    const before = this.#entered;
    const held = await this.#enter(run, orderOf({ id, ts: at }, 0));
    this.tally.overtaken = Math.max(this.tally.overtaken, this.#entered++ - before);
    this.tally.most = Math.max(this.tally.most, ++this.#holding);
    await meanwhile();
    this.#holding--;
    await leaveGate(this.#engine.world, this.#handOver(run), { runId: run.runId, fence: FENCE, ...held });
  }

  /**
   * Slots that are kept for runs that have gone, once all have left: for half a minute nobody else gets them.
   * @throws Error when somebody still holds a slot, or stands in line
   */
  async leftPromised(): Promise<number> {
    for (const passedOn of this.#surplus) await passedOn;
    const { gates, lines } = this.#engine.world;
    const app = { env: this.#engine.binding.env, app: FUNCTION.app };
    const shards = [...(await gates.read(app, this.#gate)).shards.values()];
    const holders = shards.flatMap((shard) => Object.keys(shard.holders));
    const line = await lines.first(app, this.#gate);
    if (holders.length + line.length > 0) throw new Error("All have left, and the gate is not empty.");
    return shards.flatMap(({ promised }) => Object.keys(promised)).length;
  }

  async #enter(run: RunAddress, order: string): Promise<{ shard: number; crowded: boolean }> {
    for (;;) {
      const { entry, promised } = await this.#look(run, order);
      const opening = entry.kind === "full" ? await this.#turnOf(run, order, promised) : entry;
      const taken = await this.#take(run, opening);
      if (taken !== undefined) return taken;
    }
  }

  async #look(run: RunAddress, order: string): Promise<{ entry: Entry; promised: number | undefined }> {
    const { gates, lines } = this.#engine.world;
    const [state, line] = await Promise.all([gates.read(run, this.#gate), lines.first(run, this.#gate)]);
    const now = Date.now();
    const behind = line.some((entry) => entry.order < order && !isPromised(state, entry.runId, now));
    const entry = entryFor(state, { runId: run.runId, limit: this.#limit, behind, now });
    return { entry, promised: shardsPromisedTo(state, run.runId)[0] };
  }

  async #take(run: RunAddress, opening: Opening) {
    const taking = { runId: run.runId, slot: { until: Date.now() + SLOT_MS, fence: FENCE }, opening };
    const shard = await this.#engine.world.gates.take(run, this.#gate, taking);
    if (shard === undefined) return undefined;
    const free = shareOf(this.#limit, opening.shard) - Object.keys(shard.holders).length;
    if (free < 0) this.tally.overfull++;
    return { shard: opening.shard, crowded: free <= 0 };
  }

  /** Waits in line for the message that a slot is promised. */
  async #turnOf(run: RunAddress, order: string, promised: number | undefined): Promise<Opening> {
    const turn = Promise.withResolvers<number>();
    this.#turns.set(run.runId, turn.resolve);
    const nonce = String(this.tally.queued++);
    const { world } = this.#engine;
    const place = { gate: this.#gate, limit: this.#limit, order, nonce, since: Date.now() };
    await world.lines.enqueue({ ...run, ...place });
    if (promised !== undefined) await world.gates.takeBack(run, this.#gate, promised, [run.runId]);
    await pump(world, this.#handOver(run));
    this.want();
    return promisedIn(await turn.promise, this.#limit);
  }

  /** Holds a slot until another is in line for it. */
  async untilWanted(): Promise<void> {
    if (this.#wanted > 0) this.#wanted--;
    else await new Promise<void>((resolve) => this.#keepers.push(resolve));
  }

  /** Has one who keeps his slot give it up. */
  want(): void {
    const keeper = this.#keepers.shift();
    if (keeper === undefined) this.#wanted++;
    else keeper();
  }

  /** A turn that the run does not need any more: what it was promised is for the next. */
  async #passOn(run: RunAddress): Promise<void> {
    this.tally.surplus++;
    const { world } = this.#engine;
    const state = await world.gates.read(run, this.#gate);
    const handOver = this.#handOver(run);
    if (await giveBackPromises(world.gates, handOver, state, run.runId)) await pump(world, handOver);
  }

  #handOver(run: RunAddress): HandOver {
    return {
      app: run,
      gate: this.#gate,
      by: run.runId,
      now: Date.now,
      limitOf: () => this.#limit,
      send: async (entry, message) => {
        const turn = this.#turns.get(entry.runId);
        this.#turns.delete(entry.runId);
        if (turn === undefined) this.#surplus.push(this.#passOn(entry));
        else if (message.kind === "wake") turn(message.slots?.[this.#gate.id] ?? 0);
      },
    };
  }
}
