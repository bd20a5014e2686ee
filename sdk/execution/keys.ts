import { createHash } from "node:crypto";

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const OPERATION_KEY_CHARS = 16;

/** Text for the first bits of a hash, 5 bits a character. */
export function hashText(text: string, chars: number, alphabet: string = BASE32): string {
  const digest = createHash("sha256").update(text).digest();
  let out = "";
  let bits = 0;
  let value = 0;
  for (const byte of digest) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < chars) {
      bits -= 5;
      out += alphabet[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return out;
}

/** The key of an operation: of its id with its repeat number, so that a loop's third `fetch` is always `fetch:2`. */
export const operationKey = (id: string): string => hashText(id, OPERATION_KEY_CHARS);

/** Gives repeats of one id the names `id`, `id:1`, `id:2`, … in discovery order, and never the same name twice. */
export function repeatNames(): (id: string) => string {
  const taken = new Set<string>();
  const repeats = new Map<string, number>();
  return (id) => {
    let repeat = repeats.get(id) ?? 0;
    let name = repeat === 0 ? id : `${id}:${repeat}`;
    while (taken.has(name)) name = `${id}:${++repeat}`;
    repeats.set(id, repeat + 1);
    taken.add(name);
    return name;
  };
}
