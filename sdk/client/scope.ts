import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../protocol/index.ts";
import type { Sender } from "./sender.ts";

/** The run around the code that is being executed. */
export interface Scope {
  readonly sender: Sender;
  /** Hops of what is sent from here: one more than the run's own event has. */
  readonly hops: number;
  /** The run's own environment. @default - the client's */
  readonly env?: string;
}

const scopes = new AsyncLocalStorage<Scope>();
const bound = new WeakMap<object, Set<Sender>>();

/** Runs user code of a run: what it sends goes to the engine of that run. */
export const runInScope = <T>(scope: Scope, run: () => T): T => scopes.run(scope, run);

/** Where a client sends to, outside of runs, until the function returned is called. */
export function bindSender(client: object, sender: Sender): () => void {
  const senders = bound.get(client) ?? new Set();
  bound.set(client, senders.add(sender));
  return () => {
    senders.delete(sender);
  };
}

/** The sender of the run around, else the one bound to the client. */
export function scopeOf(client: { readonly id: string }): Scope | undefined {
  const around = scopes.getStore();
  if (around !== undefined) return around;
  const [sender, another] = bound.get(client) ?? [];
  if (another !== undefined) {
    throw new StepwellError(
      "STEPWELL_NO_ENGINE",
      `The client "${client.id}" is used by more than one local cloud at once, so it is not clear where to send. ` +
        "Send with `cloud.send` of the one you mean.",
    );
  }
  return sender === undefined ? undefined : { sender, hops: 0 };
}
