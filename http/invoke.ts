import { randomBytes } from "node:crypto";
import { createUlids, type Stepwell } from "../sdk/client/index.ts";
import { checkEventBytes, jsonText } from "../sdk/client/json.ts";
import { type SendingClient, whereTo } from "../sdk/client/send.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { isInvocable } from "../sdk/functions/invocable.ts";
import { MIDDLEWARE } from "../sdk/middleware/index.ts";
import {
  EVENT_ID_CHARS_MAX,
  EVENT_START_REQUEST,
  type FunctionAddress,
  REQUEST_AGE_MS_MAX,
  REQUEST_AHEAD_MS_MAX,
} from "../sdk/protocol/index.ts";
import { requestEventId, runIdOf } from "../sdk/protocol/run-id.ts";
import type { InputOf, Invocable } from "../sdk/types/index.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "invokeFunction";
const newId = createUlids({ now: Date.now, random: randomBytes });

/** What `invokeFunction` starts a run with. `id` and `ts` come together, and make a repeat the same request. */
export type StartOptions<F extends Invocable> = {
  /** Who it is for: stored beside the data, and not part of it. */
  readonly user?: object;
  /** The caller's id of this request: 1 to 128 characters. @default - a fresh one */
  readonly id?: string;
  /** The caller's time of this request, in whole milliseconds since the epoch: the same in each repeat. @default - now */
  readonly ts?: number;
} & (Record<never, never> extends InputOf<F> ? { readonly data?: InputOf<F> } : { readonly data: InputOf<F> });

/** The third argument of `invokeFunction`: required where the function needs data. */
export type StartArguments<F extends Invocable> =
  Record<never, never> extends InputOf<F> ? [options?: StartOptions<F>] : [options: StartOptions<F>];

/**
 * Starts a run of exactly this function, from outside of runs, and resolves with its id once the request is on its way. Does not wait for the
 * run. Its flow control applies, but for `debounce` and `batchEvents`: it is a run of its own. Inside a function use `step.invoke`.
 *
 * A request that is repeated with the same `id` and `ts` starts nothing again, and has the same run id. Data must be JSON, at most 32 MB.
 * Of a function that is not registered the request comes back for hours, and is a dead letter in the end.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION` with the option's path; `STEPWELL_EVENT_TOO_LARGE`; `STEPWELL_NO_ENGINE` and
 * `STEPWELL_SEND_FAILED` as `client.send`
 * @example
 * ```ts
 * const { runId } = await invokeFunction(stepwell, shipOrder, { data: { orderId: "o1" } });
 * ```
 */
export async function invokeFunction<F extends Invocable>(
  client: SendingClient,
  fn: F,
  ...[options]: StartArguments<F>
): Promise<{ runId: string }> {
  const target = checkTarget(client, fn);
  const { id = newId(), ts, ...given } = checkOptions(options);
  const { data, user } =
    (await (client as Partial<Pick<Stepwell, typeof MIDDLEWARE>>)[MIDDLEWARE]?.invoke(given)) ?? given;
  // The engine is asked by an event of its own, on the way that every event of the client takes.
  const { sender, hops, env } = await whereTo(client);
  const now = Math.floor(sender.now?.() ?? Date.now());
  const at = ts ?? now;
  checkTime(at, now);
  const owner = { env, ...target };
  const eventId = requestEventId(owner, id, at);
  const envelope = { v: 1, id: eventId, ts: at, env, data, target } as const;
  const trace = hops > 0 && { trace: { hops } };
  await sender.send(client.id, [
    { name: EVENT_START_REQUEST, envelope: { ...envelope, ...(user !== undefined && { user }), ...trace } },
  ]);
  return { runId: runIdOf(owner, eventId, at) };
}

function checkTarget(client: SendingClient, fn: unknown): FunctionAddress {
  if (isInvocable(fn)) return { app: fn.app ?? client.id, functionId: fn.id };
  throw badInput(CODE, WHERE, `the second argument must be a function or referenceFunction(…), got ${quote(fn)}.`);
}

interface Request {
  readonly id?: string;
  readonly ts?: number;
  readonly data: unknown;
  readonly user?: unknown;
}

function checkOptions(given: unknown = {}): Request {
  if (!isRecord(given)) throw badInput(CODE, WHERE, `the third argument must be { data?, … }, got ${quote(given)}.`);
  refuseUnknownKeys(given, ["data", "user", "id", "ts"], CODE, WHERE);
  const { data = {}, user } = given;
  for (const [path, value] of Object.entries({ data, user: user ?? {} }))
    if (!isRecord(value)) throw badInput(CODE, `${WHERE}: ${path}`, `must be an object, got ${quote(value)}.`);
  const dataText = jsonText(data, "data", CODE, WHERE);
  const userText = user === undefined ? undefined : jsonText(user, "user", CODE, WHERE);
  checkEventBytes([dataText], userText, WHERE);
  return {
    data: JSON.parse(dataText) as unknown,
    ...(userText !== undefined && { user: JSON.parse(userText) as unknown }),
    ...checkIdentity(given),
  };
}

/** The two come together: the run's id is made of both. */
function checkIdentity({ id, ts }: Record<string, unknown>): { id?: string; ts?: number } {
  if (id === undefined && ts === undefined) return {};
  if (typeof id !== "string" || id === "" || id.length > EVENT_ID_CHARS_MAX) {
    const text = `must be a string of 1 to ${EVENT_ID_CHARS_MAX} characters beside "ts", got ${quote(id)}.`;
    throw badInput(CODE, `${WHERE}: id`, text);
  }
  if (Number.isInteger(ts)) return { id, ts: ts as number };
  const text = `must be whole milliseconds since the epoch beside "id", and the same in each repeat, got ${quote(ts)}.`;
  throw badInput(CODE, `${WHERE}: ts`, text);
}

/** What is much older would be taken for expired, and could be lost. */
function checkTime(ts: number, now: number): void {
  if (ts >= now - REQUEST_AGE_MS_MAX && ts <= now + REQUEST_AHEAD_MS_MAX) return;
  const days = REQUEST_AGE_MS_MAX / 86_400_000;
  const text = `must be a time of the last ${days} days, in milliseconds since the epoch, got ${ts}.`;
  throw badInput(CODE, `${WHERE}: ts`, text);
}
