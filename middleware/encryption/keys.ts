import { createHash } from "node:crypto";
import { badInput, isRecord, quote } from "../../sdk/errors/index.ts";
import type { MaybePromise } from "../../sdk/middleware/index.ts";

/** Of AES-256. */
export const KEY_BYTES = 32;
const KEY_ID_CHARS = 8;

/** A key, and the name by which it is found again: text without a dot, stored beside what it has encrypted. */
export interface DataKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Where keys come from. What rejects is tried again as the code around is. */
export interface DataKeyProvider {
  /** The key for new data. At most some 2³² values may be encrypted with one key, so change it before. */
  readonly current: () => MaybePromise<DataKey>;
  /** The key of that name; undefined: there is none here. */
  readonly find: (id: string) => MaybePromise<Uint8Array | undefined>;
}

const CODE = "STEPWELL_INVALID_OPTION";

/** The option `keys`: a provider, or keys of which the first one encrypts, and all decrypt. */
export function checkKeys(given: unknown, where: string): DataKeyProvider {
  if (isRecord(given) && typeof given.current === "function" && typeof given.find === "function")
    return given as unknown as DataKeyProvider;
  if (!Array.isArray(given)) {
    const text = `must be a list of keys, or a provider such as \`kmsKeys({ … })\`, got ${quote(given)}.`;
    throw badInput(CODE, where, text);
  }
  const keys = given.map((one, index) => dataKey(checkKey(one, `${where}[${index}]`)));
  const [first] = keys;
  if (first === undefined) throw badInput(CODE, where, "must have at least one key: the first one encrypts.");
  return { current: () => first, find: (id) => keys.find((one) => one.id === id)?.key };
}

/** The name is of the key itself, so that each process with the key finds it, whatever the order. */
const dataKey = (key: Uint8Array): DataKey => ({
  id: createHash("sha256").update("stepwell data key").update(key).digest("base64url").slice(0, KEY_ID_CHARS),
  key,
});

function checkKey(given: unknown, where: string): Uint8Array {
  const bytes = typeof given === "string" ? bytesOf(given) : given;
  if (bytes instanceof Uint8Array && bytes.length === KEY_BYTES) return bytes;
  const got = bytes instanceof Uint8Array ? `${bytes.length} bytes` : `a ${typeof given}`;
  const text = `must be a key of ${KEY_BYTES} bytes, as bytes or as text in base64 or hex, got ${got}. \`openssl rand -base64 32\` makes one.`;
  throw badInput(CODE, where, text);
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? "hex" : "base64");
