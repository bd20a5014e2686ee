import { createHash } from "node:crypto";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARS = 10;
const HASH_CHARS = 16;

/** Its functions are known by app and function alone. */
const ENVIRONMENT_DEFAULT = "main";

/** Whose run it is. */
export interface RunOwner {
  /** @default "main" */
  readonly env?: string;
  readonly app: string;
  readonly functionId: string;
}

/**
 * The id of the run that an event starts: 26 characters in the shape of a ULID, 48 bits of the event's first bus time and 80 bits
 * of a hash. Sortable and deterministic, so that a conditional write is all the deduplication there is. Unique in the engine, since the
 * names of schedules and executions, and the places in a gate of the account, come from it.
 */
export function runIdOf(owner: RunOwner, eventId: string, at: number): string {
  const hash = createHash("sha256")
    .update(`${addressOf(owner)}\n${eventId}\n${at}`)
    .digest();
  let tail = "";
  for (let bit = 0; tail.length < HASH_CHARS; bit += 5) tail += CROCKFORD[fiveBits(hash, bit)];
  return timeText(at) + tail;
}

/**
 * The id of the event by which a function is invoked from outside of runs: of the caller's id and time, so that asking twice is asking once. It is in no
 * way of an ordinary event that has the caller's id too.
 */
export const requestEventId = (owner: RunOwner, id: string, at: number): string => `invoke-${runIdOf(owner, id, at)}`;

/** The time in a run id, in milliseconds. */
export function timeOf(runId: string): number {
  return [...runId.slice(0, TIME_CHARS)].reduce((time, char) => time * 32 + CROCKFORD.indexOf(char), 0);
}

const addressOf = ({ env = ENVIRONMENT_DEFAULT, app, functionId }: RunOwner): string =>
  `${env === ENVIRONMENT_DEFAULT ? "" : `${env}#`}${app}/${functionId}`;

function timeText(time: number): string {
  let text = "";
  for (let rest = time, i = 0; i < TIME_CHARS; i++, rest = Math.floor(rest / 32)) text = CROCKFORD[rest % 32] + text;
  return text;
}

function fiveBits(bytes: Uint8Array, bit: number): number {
  const word = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
  return (word >> (11 - (bit & 7))) & 31;
}
