import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { isRecord } from "../../sdk/errors/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";
import type { DataKeyProvider } from "./keys.ts";

/** The one field of an object that stands for an encrypted value. */
const MARK = "stepwell.encrypted";
/** Format: `1.<key's name>.<nonce>.<tag>.<ciphertext>`, the last three in base64url. */
const VERSION = "1";
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** An encrypted value, in the place of the value. */
export type Sealed = { readonly [MARK]: string };

export const isSealed = (value: unknown): value is Sealed =>
  isRecord(value) && typeof value[MARK] === "string" && Object.keys(value).length === 1;

/** Encrypts a JSON value with the provider's current key. */
export async function seal(value: unknown, keys: DataKeyProvider): Promise<Sealed> {
  const { id, key } = await keys.current();
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(id));
  const data = Buffer.concat([cipher.update(JSON.stringify(value ?? null), "utf8"), cipher.final()]);
  const parts = [nonce, cipher.getAuthTag(), data].map((part) => part.toString("base64url"));
  return { [MARK]: [VERSION, id, ...parts].join(".") };
}

/** @throws StepwellError `STEPWELL_DECRYPTION_FAILED` without its key, and for what has been changed */
export async function unseal({ [MARK]: text }: Sealed, keys: DataKeyProvider): Promise<unknown> {
  const [version, id = "", nonce = "", tag = "", data = ""] = text.split(".");
  if (version !== VERSION)
    throw undecryptable(`has a format that this version of stepwell does not know ("${version}")`);
  const key = await keys.find(id);
  if (key === undefined) {
    const name = id.length > 80 ? `${id.slice(0, 80)}…` : id;
    throw undecryptable(
      `was encrypted with the key "${name}", which is none of \`keys\` here. Add that key behind the first one`,
    );
  }
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes(nonce), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(id)).setAuthTag(bytes(tag));
    const plain = Buffer.concat([decipher.update(bytes(data)), decipher.final()]);
    return JSON.parse(plain.toString("utf8")) as unknown;
  } catch (cause) {
    throw undecryptable(`has been changed since it was encrypted with the key "${id.slice(0, 80)}"`, cause);
  }
}

/** What is authenticated beside the value. */
const boundTo = (id: string): Buffer => Buffer.from(`${MARK} ${VERSION} ${id}`);

const bytes = (text: string): Buffer => Buffer.from(text, "base64url");

const undecryptable = (what: string, cause?: unknown): StepwellError =>
  new StepwellError(
    "STEPWELL_DECRYPTION_FAILED",
    `Encrypted data ${what}.`,
    cause === undefined ? undefined : { cause },
  );
