import type { Clock } from "../../sdk/protocol/index.ts";
import { LOGGED } from "../contract.ts";
import type { AppWorld } from "./app-world.ts";

/** A delivery, as far as a dead letter keeps it. */
export interface DeadRecord {
  readonly messageId: string;
  readonly body: string;
  readonly eventSourceARN: string;
}

export interface Burial {
  readonly world: AppWorld;
  readonly clock: Clock;
  readonly log: { error(message: string, fields?: object): void };
}

/** Keeps a message that cannot be handled as a dead letter, with the reason. False: that failed too, the message has to come back. */
export async function buryRecord(
  { world, clock, log }: Burial,
  { messageId, body, eventSourceARN }: DeadRecord,
  { env, reason }: { readonly env: string; readonly reason: string },
): Promise<boolean> {
  log.error(LOGGED.buried, { messageId, reason });
  try {
    await world.deadLetters.put({ id: messageId, env, queue: eventSourceARN, reason, body, at: clock.now() });
    return true;
  } catch (error) {
    log.error("a dead letter could not be kept; the message comes back", { messageId, error: String(error) });
    return false;
  }
}
