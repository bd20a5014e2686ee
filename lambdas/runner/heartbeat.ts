import { HEARTBEAT_MS, LEASE_MS } from "../../sdk/protocol/index.ts";
import type { RunKey } from "../aws/keys.ts";
import type { Receipt } from "../aws/queue.ts";
import type { RunHeader } from "../engine/types.ts";
import type { Cancellation } from "./cancellation.ts";
import type { RunnerDeps } from "./deps.ts";

/** A message comes back a little after its lease, so that it finds the lease ended. In milliseconds. */
export const VISIBILITY_MS = LEASE_MS + 500;

export interface Lease {
  readonly run: RunKey;
  readonly fence: number;
  readonly receipt: Receipt;
  /** When the lease ends unless it is renewed, in milliseconds. */
  readonly until: number;
  /** When Lambda ends this invocation, in milliseconds: nothing is kept alive past it. */
  readonly deadline: number;
  /** What is told of a cancellation, and of the loss of the run. */
  readonly cancellation: Cancellation;
}

/**
 * Keeps a lease and its message alive while the holder works, and listens: the wake number that comes back tells that something has
 * been resolved; a refusal tells that the run has gone to another.
 */
export class Heartbeat {
  readonly #deps: RunnerDeps;
  readonly #lease: Lease;
  #until: number;
  #wakeSeq: number;
  #seen: number;
  #woken = false;
  #lost = false;
  #cancel: (() => void) | undefined;
  #news = Promise.withResolvers<void>();

  constructor(deps: RunnerDeps, lease: Lease, seen: number) {
    this.#deps = deps;
    this.#lease = lease;
    this.#until = lease.until;
    this.#wakeSeq = seen;
    this.#seen = seen;
    this.#next();
  }

  /** The wake number whose cause this holder has looked at. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether a wake has come while the run was held. */
  get woken(): boolean {
    return this.#woken;
  }

  /** Looks again if there has been a wake: its number counts as seen before the memo is read (L2). */
  async takeNews(look: () => Promise<void>): Promise<boolean> {
    if (this.#wakeSeq === this.#seen) return false;
    this.#seen = this.#wakeSeq;
    this.#woken = true;
    await look();
    return true;
  }

  /**
   * A process that stood still past its lease asks first: another may hold the run by now, and what the code would be given then is
   * no more than a guess (L4).
   */
  async confirm(): Promise<void> {
    const { clock } = this.#deps;
    if (clock.now() < this.#until) return;
    if (clock.now() < this.#lease.deadline) await this.#renew();
    if (clock.now() >= this.#until) this.#lose();
  }

  /** Whether the run has gone to another holder. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Resolves at the next news: a wake, or the loss of the run. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #next(): void {
    const { clock } = this.#deps;
    const next = clock.now() + HEARTBEAT_MS;
    this.#cancel = next < this.#lease.deadline ? clock.at(next, () => void this.#beat()) : () => {};
  }

  async #beat(): Promise<void> {
    await this.#renew();
    const stopped = this.#cancel === undefined;
    if (!stopped && !this.#lost) this.#next();
  }

  async #renew(): Promise<void> {
    const { world, clock, log } = this.#deps;
    const { run, fence, receipt } = this.#lease;
    const until = clock.now() + LEASE_MS;
    // The next beat tries again; if none gets through, the lease ends and another takes over.
    const failed = (error: unknown) => log.warn("heartbeat failed", { error: String(error) });
    const renewed = world.runs.renew(run, fence, until).then((header) => {
      if (header !== undefined) this.#until = until;
      this.hear(header);
    });
    // Each on its own: the receipt may be stale while the lease is good, and the other way round.
    await Promise.all([renewed.catch(failed), world.queue.returnAfter(receipt, VISIBILITY_MS).catch(failed)]);
  }

  /** Takes in what the header says now: wakes, a cancellation, or that the run is another's. Tells whether it is still held here. */
  hear(header: RunHeader | undefined): boolean {
    const { fence, cancellation } = this.#lease;
    const isMine = header?.status === "active" && header.fence === fence && header.owner !== undefined;
    if (isMine && header.cancel !== undefined) cancellation.cancel(header.cancel);
    if (isMine && header.wakeSeq <= this.#wakeSeq) return true;
    if (isMine) this.#wakeSeq = header.wakeSeq;
    else this.#lose();
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
    return isMine;
  }

  #lose(): void {
    this.#lost = true;
    this.#lease.cancellation.lose();
  }
}
