import { HEARTBEAT_MS, LEASE_MS } from "../../../sdk/protocol/index.ts";
import type { Cancellation } from "../cancellation.ts";
import type { RunnerDeps } from "../deps.ts";
import { VISIBILITY_MS } from "../heartbeat.ts";
import type { StepDelivery } from "./sibling.ts";

/**
 * Keeps a step's lease and its message alive while its body runs, and listens: a cancellation or the end of the run aborts the body's
 * signal, and so does the loss of the step.
 */
export class StepHeartbeat {
  readonly #deps: RunnerDeps;
  readonly #delivery: StepDelivery;
  readonly #owner: string;
  readonly #cancellation: Cancellation;
  /** When the lease ends unless it is renewed, in milliseconds. */
  #until: number;
  #cancel: (() => void) | undefined;

  constructor(deps: RunnerDeps, delivery: StepDelivery, owner: string, cancellation: Cancellation) {
    this.#deps = deps;
    this.#delivery = delivery;
    this.#owner = owner;
    this.#cancellation = cancellation;
    this.#until = deps.clock.now() + LEASE_MS;
    this.#next();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Whether the step is still held here: a process that stood still past its lease asks (L4). */
  async confirm(): Promise<boolean> {
    return this.#deps.clock.now() < this.#until || (await this.#renew());
  }

  #next(): void {
    const { clock } = this.#deps;
    const next = clock.now() + HEARTBEAT_MS;
    this.#cancel = next < this.#delivery.deadline ? clock.at(next, () => void this.#beat()) : () => {};
  }

  async #beat(): Promise<void> {
    const { world, log } = this.#deps;
    // The next beat tries again; if none gets through, the lease ends and another takes over.
    const failed = (error: unknown) => log.warn("heartbeat failed", { error: String(error) });
    const visible = world.queue.returnAfter(this.#delivery.receipt, VISIBILITY_MS);
    await Promise.all([this.#renew(), this.#listen(), visible].map((call) => call.catch(failed)));
    if (this.#cancel !== undefined) this.#next();
  }

  async #renew(): Promise<boolean> {
    const { world, clock } = this.#deps;
    const { message } = this.#delivery;
    const until = clock.now() + LEASE_MS;
    const isMine = await world.stepLeases.renew(message, message.stepKey, this.#owner, until);
    if (isMine) this.#until = until;
    else this.#cancellation.lose();
    return isMine;
  }

  async #listen(): Promise<void> {
    const header = await this.#deps.world.runs.header(this.#delivery.message);
    if (header?.cancel !== undefined) this.#cancellation.cancel(header.cancel);
    else if (header?.status !== "active") this.#cancellation.lose();
  }
}
