import { badInput, isRecord, quote, refuseUnknownKeys } from "../../sdk/errors/index.ts";
import { parseDuration } from "../../sdk/expressions/index.ts";
import type { Duration } from "../../sdk/types/index.ts";
import type { DataKey, DataKeyProvider } from "./keys.ts";

/** What is needed of a client of AWS KMS: `new KMS({})` of `@aws-sdk/client-kms` has it. */
export interface KmsClient {
  generateDataKey(input: {
    KeyId: string;
    KeySpec: "AES_256";
    EncryptionContext?: Record<string, string>;
  }): Promise<{ Plaintext?: Uint8Array | undefined; CiphertextBlob?: Uint8Array | undefined }>;
  decrypt(input: {
    KeyId: string;
    CiphertextBlob: Uint8Array;
    EncryptionContext?: Record<string, string>;
  }): Promise<{ Plaintext?: Uint8Array | undefined }>;
}

/** Options of `kmsKeys`. */
export interface KmsKeyOptions {
  /** `new KMS({})` of `@aws-sdk/client-kms`. */
  readonly client: KmsClient;
  /** Id, ARN or alias of a symmetric KMS key: `kms:GenerateDataKey` and `kms:Decrypt` are needed for it. */
  readonly keyId: string;
  /** KMS gives a data key back only together with this. @default - none */
  readonly encryptionContext?: Readonly<Record<string, string>>;
  /** How long one data key encrypts: more is cheaper, less limits what one key opens. @default "5m" */
  readonly maxAge?: Duration;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "kmsKeys";
const PREFIX = "kms:";
/** Far below what one key bears with random nonces (2³²). */
const USES_MAX = 1_000_000;
/** Keys that have been decrypted, kept in memory. */
const OPENED_MAX = 1_000;

/**
 * Data keys by AWS KMS: each is made by KMS, used for a while, and stored, encrypted by KMS, beside what it has encrypted. KMS rotates its
 * own key without any doing of yours. One call of KMS for each process and `maxAge`, and one for each key of others that is read.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`, `STEPWELL_INVALID_DURATION`
 * @example
 * ```ts
 * import { KMS } from "@aws-sdk/client-kms";
 *
 * const encryption = encryptionMiddleware({ keys: kmsKeys({ client: new KMS({}), keyId: "alias/shop" }) });
 * ```
 */
export function kmsKeys(options: KmsKeyOptions): DataKeyProvider {
  const { client, keyId, around, maxAgeMs, now } = checkOptions(options);
  const opened = new Map<string, Promise<Uint8Array>>();
  let current: { readonly key: Promise<DataKey>; readonly until: number; uses: number } | undefined;

  const generate = async (): Promise<DataKey> => {
    const made = await client.generateDataKey({ KeyId: keyId, KeySpec: "AES_256", ...around });
    const id = `${PREFIX}${Buffer.from(present(made.CiphertextBlob)).toString("base64url")}`;
    const key = present(made.Plaintext);
    keep(opened, id, Promise.resolve(key));
    return { id, key };
  };
  const decrypt = async (id: string): Promise<Uint8Array> => {
    const blob = Buffer.from(id.slice(PREFIX.length), "base64url");
    return present((await client.decrypt({ KeyId: keyId, CiphertextBlob: blob, ...around })).Plaintext);
  };
  return {
    current: async () => {
      if (current === undefined || now() >= current.until || current.uses >= USES_MAX)
        current = { key: generate(), until: now() + maxAgeMs, uses: 0 };
      const mine = current;
      mine.uses += 1;
      return mine.key.catch((error: unknown) => {
        if (current === mine) current = undefined;
        throw error;
      });
    },
    find: async (id) => {
      if (!id.startsWith(PREFIX)) return undefined;
      const known = opened.get(id) ?? keep(opened, id, decrypt(id));
      return known.catch((error: unknown) => {
        opened.delete(id);
        throw error;
      });
    },
  };
}

/** Keeps the keys that came last. */
function keep(opened: Map<string, Promise<Uint8Array>>, id: string, key: Promise<Uint8Array>): Promise<Uint8Array> {
  const [oldest] = opened.keys();
  if (opened.size >= OPENED_MAX && oldest !== undefined) opened.delete(oldest);
  opened.set(id, key);
  return key;
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new Error("KMS has answered without a key.");
  return bytes;
}

function checkOptions(options: unknown) {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `takes { client, keyId, … }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["client", "keyId", "encryptionContext", "maxAge", "now"], CODE, WHERE);
  const { client, keyId, encryptionContext, maxAge = "5m", now = Date.now } = options as unknown as KmsKeyOptions;
  for (const method of ["generateDataKey", "decrypt"] as const) {
    if (typeof (client as Partial<KmsClient> | undefined)?.[method] === "function") continue;
    throw badInput(
      CODE,
      `${WHERE}: client`,
      `must have the method ${method}, as \`new KMS({})\` of @aws-sdk/client-kms.`,
    );
  }
  if (typeof keyId !== "string" || keyId === "")
    throw badInput(CODE, `${WHERE}: keyId`, `must be a key's id, ARN or alias, got ${quote(keyId)}.`);
  if (encryptionContext !== undefined && !isRecord(encryptionContext))
    throw badInput(CODE, `${WHERE}: encryptionContext`, `must be an object of texts, got ${quote(encryptionContext)}.`);
  if (typeof now !== "function") throw badInput(CODE, `${WHERE}: now`, `must be a function, got ${quote(now)}.`);
  const around = encryptionContext === undefined ? {} : { EncryptionContext: { ...encryptionContext } };
  return { client, keyId, around, maxAgeMs: parseDuration(maxAge, `${WHERE}: maxAge`), now };
}
