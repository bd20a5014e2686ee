import type { LogSink } from "../../sdk/execution/contract.ts";
import type { Clock, RunMessage } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import type { oneByOne } from "../aws/one-by-one.ts";

/** What a router needs from outside. */
export interface RouterOptions {
  readonly world: World;
  readonly clock: Clock;
  readonly log: LogSink;
  /** A fresh name for a place in a line. */
  readonly nonce: () => string;
}

export interface RouterDeps extends RouterOptions {
  /** Lets what is done about one gate in this process go one after another. */
  readonly inTurn: ReturnType<typeof oneByOne>;
}

/** A message for a run queue. */
export interface Outgoing {
  readonly queueUrl: string;
  readonly message: RunMessage;
  readonly delaySeconds?: number;
}

/** What routing one message entails: messages to send, and what may be cleaned up once they are out. */
export interface Routed {
  readonly send: readonly Outgoing[];
  readonly after?: () => Promise<void>;
}

/** What several parts of one message entail. */
export const together = (parts: readonly Routed[]): Routed => ({
  send: parts.flatMap(({ send }) => send),
  after: async () => {
    await Promise.all(parts.map(({ after }) => after?.()));
  },
});
