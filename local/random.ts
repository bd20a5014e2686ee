const HEX = "0123456789abcdef";
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Ids, tokens and chance from a seed, so that a run of the local cloud can be repeated exactly. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  uuid(): string;
  token(length: number): string;
}

export function seededRandom(seed: number): Random {
  const next = splitmix32(seed);
  const pick = (alphabet: string) => alphabet[next() % alphabet.length] as string;
  const text = (length: number, alphabet: string) => Array.from({ length }, () => pick(alphabet)).join("");
  const uuid = () => {
    const hex = text(30, HEX);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18)}`;
  };
  return { fraction: () => next() / 2 ** 32, uuid, token: (length) => text(length, ALPHANUMERIC) };
}

/** Steele, Lea, Flood: SplitMix, 32 bits. */
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}
