import { badInput, isRecord, quote, refuseUnknownKeys } from "../../sdk/errors/index.ts";
import { type StepData, StepwellMiddleware } from "../../sdk/middleware/index.ts";
import { isSealed, seal, unseal } from "./cipher.ts";
import { type EventScope, sealData, unsealEvent } from "./events.ts";
import { checkKeys, type DataKeyProvider } from "./keys.ts";

/** Options of `encryptionMiddleware`. */
export interface EncryptionOptions {
  /**
   * Keys of 32 bytes, as bytes or as text in base64 or hex: the first one encrypts, all decrypt. Or a provider, such as `kmsKeys`. To change a
   * key, deploy the new one behind the old one everywhere, then in front of it; drop the old one when no run of its time is left.
   */
  readonly keys: readonly (string | Uint8Array)[] | DataKeyProvider;
  /**
   * What of the data of events is encrypted when they are sent: one top-level field, or all of it (`"data"`). What is encrypted, no `if`, no
   * `match` and no key of flow control can read. @default { field: "encrypted" }
   */
  readonly events?: "data" | "nothing" | { readonly field: string };
  /** Whether results of steps and of functions are encrypted. Errors are not. @default true */
  readonly results?: boolean;
  /** Encrypts nothing more, and still decrypts: for a deploy before the first encryption, and after the last. @default false */
  readonly decryptOnly?: boolean;
}

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "encryptionMiddleware";

/**
 * Encrypts (AES-256-GCM) the results of steps and functions, and events' data or a field of it, on their way out of your code, and decrypts them on
 * their way back in: what Stepwell, its tables, queues and logs get to see is ciphertext. List it first, so that middleware after it sees
 * plain data.
 *
 * Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION`, naming the option. Data whose key is not there, or that has been changed, fails
 * the handler with `STEPWELL_DECRYPTION_FAILED`, which is retried.
 *
 * @example
 * ```ts
 * const encryption = encryptionMiddleware({ keys: [newKey, oldKey] });
 * const stepwell = new Stepwell({ id: "shop", middleware: [encryption] });
 * await stepwell.send({ name: "shop/user.created", data: { id: "u1", encrypted: { email } } }); // only `encrypted` is
 * ```
 */
export function encryptionMiddleware(options: EncryptionOptions): StepwellMiddleware {
  const { keys, events, results } = checkOptions(options);
  return new StepwellMiddleware({
    name: "encryption",
    init: () => ({
      onFunctionRun: () => ({
        transformInput: async ({ ctx, steps }) => ({
          ctx: await openContext(ctx, keys),
          steps: await Promise.all(steps.map((step) => openStep(step, keys))),
        }),
        transformOutput: async ({ result: { data, error } }) => {
          if (!results || error !== undefined || data === undefined) return undefined;
          return { result: { data: await seal(data, keys) } };
        },
      }),
      onSendEvent: () => ({
        transformInput: async ({ payloads }) => ({
          payloads: await Promise.all(
            payloads.map(async (one) => ({ ...one, data: await sealData(one.data, events, keys) })),
          ),
        }),
      }),
    }),
  });
}

/** Not typed as an addition: the types of events are those of the plain ones. */
async function openContext(
  ctx: { readonly event: unknown; readonly events?: unknown },
  keys: DataKeyProvider,
): Promise<Record<never, never>> {
  const given = Array.isArray(ctx.events) ? (ctx.events as unknown[]) : [];
  const [event, ...events] = await Promise.all([ctx.event, ...given].map((one) => unsealEvent(one, keys)));
  return { event, events };
}

async function openStep({ kind, data }: StepData, keys: DataKeyProvider): Promise<Pick<StepData, "data">> {
  if (isSealed(data)) return { data: await unseal(data, keys) };
  return kind === "waitForEvent" ? { data: await unsealEvent(data, keys) } : {};
}

interface Checked {
  readonly keys: DataKeyProvider;
  readonly events: EventScope;
  readonly results: boolean;
}

function checkOptions(options: unknown): Checked {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `takes { keys, … }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["keys", "events", "results", "decryptOnly"], CODE, WHERE);
  const keys = checkKeys(options.keys, `${WHERE}: keys`);
  const events = checkScope(options.events, `${WHERE}: events`);
  const results = checkFlag(options.results, true, `${WHERE}: results`);
  const decryptOnly = checkFlag(options.decryptOnly, false, `${WHERE}: decryptOnly`);
  return { keys, events: decryptOnly ? "nothing" : events, results: results && !decryptOnly };
}

function checkScope(given: unknown, where: string): EventScope {
  if (given === undefined) return { field: "encrypted" };
  if (given === "data" || given === "nothing") return given;
  if (isRecord(given) && typeof given.field === "string" && given.field !== "") return { field: given.field };
  throw badInput(CODE, where, `must be "data", "nothing" or { field: "…" }, got ${quote(given)}.`);
}

function checkFlag(given: unknown, otherwise: boolean, where: string): boolean {
  if (given === undefined) return otherwise;
  if (typeof given === "boolean") return given;
  throw badInput(CODE, where, `must be true or false, got ${quote(given)}.`);
}
