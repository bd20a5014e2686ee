import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { isInvocable } from "../functions/invocable.ts";
import {
  EVENT_ID_CHARS_MAX,
  EVENT_START_REQUEST,
  type FunctionAddress,
  REQUEST_AGE_MS_MAX,
  REQUEST_AHEAD_MS_MAX,
} from "../protocol/index.ts";
import { requestEventId, runIdOf } from "../protocol/run-id.ts";
import { checkEventBytes, jsonText } from "./json.ts";
import { type SendingClient, whereTo } from "./send.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "invoke";

/** `client.invoke`: asks the engine by an event of its own, and tells the id that the run will have. */
export async function invoke(
  client: SendingClient,
  fn: unknown,
  given: unknown,
  newId: () => string,
): Promise<{ runId: string }> {
  const target = checkTarget(client, fn);
  const { id = newId(), ts, data, user } = checkOptions(given);
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
  throw badInput(CODE, WHERE, `the first argument must be a function or referenceFunction(…), got ${quote(fn)}.`);
}

interface Request {
  readonly id?: string;
  readonly ts?: number;
  readonly data: unknown;
  readonly user?: unknown;
}

function checkOptions(given: unknown = {}): Request {
  if (!isRecord(given)) throw badInput(CODE, WHERE, `the second argument must be { data?, … }, got ${quote(given)}.`);
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
