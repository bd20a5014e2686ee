import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { jsonLogger } from "../sdk/execution/index.ts";
import { nameMatches } from "../sdk/expressions/index.ts";
import type { Invocable, Logger, OutgoingEvents, SendResult } from "../sdk/types/index.ts";
import { checkAuth, type DoorAuth } from "./auth.ts";
import { checkWebhooks, type Webhook } from "./webhook.ts";

export const CODE = "STEPWELL_INVALID_OPTION";
export const WHERE = "httpDoor";

const MIB = 1_048_576;
const LIMITS = {
  /** A function URL takes 6 MB. */
  bodyBytes: { fallback: 6 * MIB, most: 64 * MIB },
  events: { fallback: 100, most: 1_000 },
  inFlight: { fallback: 100, most: 10_000 },
};

/** What a door needs of a client: what `new Stepwell` makes. */
export interface DoorClient<S> {
  readonly "~events": S;
  readonly id: string;
  readonly environment: string;
  readonly logger: Logger | undefined;
  send(events: OutgoingEvents<S>): Promise<SendResult>;
}

/** Where a door writes its warnings and errors. */
export type DoorLog = Pick<Logger, "warn" | "error">;

/** How much a door takes. */
export interface DoorLimits {
  /** Bytes of a body: 1 to 64 MiB. Past it: 413. @default - 6 MiB */
  readonly bodyBytes?: number;
  /** Events of one request: 1 to 1,000. Past it: 413. @default 100 */
  readonly events?: number;
  /** Requests that are being handled at the same time in this process: 1 to 10,000. Past it: 429. @default 100 */
  readonly inFlight?: number;
}

/** Options of an HTTP door. */
export interface DoorOptions<S> {
  /** Sends the events, and invokes the functions. */
  readonly client: DoorClient<S>;
  /** Who may send events and invoke functions: who signs with one of the secrets, who has passed IAM, or everybody. */
  readonly auth: DoorAuth;
  /** Where the door is mounted, such as `/api/stepwell`. @default "/" */
  readonly path?: string;
  /** Names of events that may be posted, with wildcards such as `shop/*`; `[]` for none. @default - all */
  readonly events?: readonly string[];
  /** Functions that may be invoked, or references to them. @default - none */
  readonly functions?: readonly Invocable[];
  /** Webhooks by name: each takes what is posted to `webhooks/<name>`. */
  readonly webhooks?: Readonly<Record<string, Webhook<S>>>;
  /** Origins of web pages that may call the door, such as `https://shop.example`. @default - none but the door's own */
  readonly origins?: readonly string[];
  readonly limits?: DoorLimits;
  /** Gets warnings and errors. @default - the client's, else JSON on the console */
  readonly logger?: DoorLog;
}

/** Options once they have been checked. */
export interface Door {
  readonly client: DoorClient<unknown>;
  readonly auth: DoorAuth;
  /** Without a slash at its end: "" is the root. */
  readonly path: string;
  readonly mayPost: (name: string) => boolean;
  readonly functions: ReadonlyMap<string, Invocable>;
  readonly webhooks: ReadonlyMap<string, Webhook<unknown>>;
  readonly origins: readonly string[];
  readonly limits: Required<DoorLimits>;
  readonly log: DoorLog;
}

const KEYS = ["client", "auth", "path", "events", "functions", "webhooks", "origins", "limits", "logger"];

/** @throws StepwellError `STEPWELL_INVALID_OPTION` with the option's path */
export function checkDoor(options: unknown): Door {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `takes { client, auth, … }, got ${quote(options)}.`);
  refuseUnknownKeys(options, KEYS, CODE, WHERE);
  const client = checkClient(options.client);
  const names = checkList(options.events, "events", (name) => typeof name === "string" && name !== "", "a name");
  return {
    client,
    auth: checkAuth(options.auth),
    path: checkPath(options.path),
    mayPost: (name) => names === undefined || names.some((pattern) => nameMatches(pattern as string, name)),
    functions: checkFunctions(options.functions),
    webhooks: checkWebhooks(options.webhooks),
    origins: (checkList(options.origins, "origins", isOrigin, 'an origin such as "https://shop.example"') ??
      []) as string[],
    limits: checkLimits(options.limits),
    log: checkLogger(options.logger) ?? client.logger ?? jsonLogger(console.log, Date.now),
  };
}

function checkClient(client: unknown): DoorClient<unknown> {
  const { id, send } = (client ?? {}) as Record<string, unknown>;
  if (typeof id === "string" && typeof send === "function") return client as DoorClient<unknown>;
  throw badInput(CODE, `${WHERE}: client`, `must be what new Stepwell(…) made, got ${quote(client)}.`);
}

function checkPath(path: unknown = "/"): string {
  if (typeof path === "string" && /^\/[\w\-./~]*$/.test(path)) return path.replace(/\/+$/, "");
  throw badInput(CODE, `${WHERE}: path`, `must be a path that begins with "/", got ${quote(path)}.`);
}

function checkFunctions(functions: unknown): Map<string, Invocable> {
  const isFunction = (fn: unknown) => isRecord(fn) && typeof fn.id === "string";
  const list = checkList(functions, "functions", isFunction, "what createFunction or referenceFunction returned");
  const byId = new Map<string, Invocable>();
  for (const fn of (list ?? []) as Invocable[]) {
    if (byId.has(fn.id)) throw badInput(CODE, `${WHERE}: functions`, `there are two with the id "${fn.id}".`);
    byId.set(fn.id, fn);
  }
  return byId;
}

function checkList(given: unknown, option: string, holds: (entry: unknown) => boolean, what: string) {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) throw badInput(CODE, `${WHERE}: ${option}`, `must be an array, got ${quote(given)}.`);
  const wrong = given.findIndex((entry) => !holds(entry));
  if (wrong === -1) return given as unknown[];
  throw badInput(CODE, `${WHERE}: ${option}[${wrong}]`, `must be ${what}, got ${quote(given[wrong])}.`);
}

function isOrigin(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && new URL(value).origin === value;
}

function checkLimits(given: unknown = {}): Required<DoorLimits> {
  if (!isRecord(given)) throw badInput(CODE, `${WHERE}: limits`, `must be an object, got ${quote(given)}.`);
  refuseUnknownKeys(given, Object.keys(LIMITS), CODE, `${WHERE}: limits`);
  const check = (name: keyof typeof LIMITS) => {
    const { fallback, most } = LIMITS[name];
    const value = given[name] ?? fallback;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
    throw badInput(CODE, `${WHERE}: limits.${name}`, `must be a whole number from 1 to ${most}, got ${quote(value)}.`);
  };
  return { bodyBytes: check("bodyBytes"), events: check("events"), inFlight: check("inFlight") };
}

function checkLogger(logger: unknown): DoorLog | undefined {
  if (logger === undefined) return undefined;
  const { warn, error } = (logger ?? {}) as Record<string, unknown>;
  if (typeof warn === "function" && typeof error === "function") return logger as DoorLog;
  throw badInput(CODE, `${WHERE}: logger`, `must have the methods warn and error, got ${quote(logger)}.`);
}
