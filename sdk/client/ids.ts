const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_CHARS = 26;
const RANDOM_BYTES = 10;
const TIME_MS_MAX = 2 ** 48 - 1;

export interface UlidSource {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** That many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/**
 * A source of ULIDs: 26 characters, 48 bits of time and 80 of randomness, each greater than the one before, also within a
 * millisecond and when the clock goes back.
 */
export function createUlids({ now, random }: UlidSource): () => string {
  let last = -1n;
  return () => {
    const time = BigInt(Math.min(Math.max(Math.floor(now()), 0), TIME_MS_MAX));
    let fresh = time;
    for (const byte of random(RANDOM_BYTES)) fresh = (fresh << 8n) | BigInt(byte);
    last = fresh > last ? fresh : last + 1n;
    return encode(last);
  };
}

/** Whether a value is in the shape of a ULID, as the ids of runs are. */
export const isUlid = (value: unknown): value is string =>
  typeof value === "string" && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value);

function encode(value: bigint): string {
  let text = "";
  for (let rest = value, chars = 0; chars < ULID_CHARS; chars += 1, rest >>= 5n) {
    text = ALPHABET.charAt(Number(rest & 31n)) + text;
  }
  return text;
}
