import type { CancelCause, EngineMessage, EventEnvelope, Payload, StoredEvent } from "../../sdk/protocol/index.ts";
import {
  EVENT_CANCEL_REQUEST,
  EVENT_ID_CHARS_MAX,
  EVENT_SIGNAL,
  EVENT_USER_BYTES_MAX,
  RESERVED_EVENT_PREFIX,
  StepwellError,
} from "../../sdk/protocol/index.ts";
import { DEFAULT_ENVIRONMENT, EVENT_SOURCE_PREFIX } from "../contract.ts";
import { engineMessageProblem } from "../engine/message-shapes.ts";

/** What stands on the ingest queue: an event of the bus, or a message of the engine. */
export type IngestMessage =
  | { readonly kind: "engine"; readonly message: EngineMessage }
  | { readonly kind: "event"; readonly event: BusEvent };

/** An event as it came; its data is JSON text, or already in S3. */
export type BusEvent = Omit<StoredEvent, "data"> & { readonly data: Payload };

/** What may stand in a key of the table. */
const ENVIRONMENT = /^[a-z0-9_-]{1,64}$/;
const VERSION_CHARS_MAX = 128;

type Fields = Record<string, unknown>;

/** @throws StepwellError `STEPWELL_INVALID_MESSAGE` naming what is wrong with it */
export function parseIngestMessage(body: string): IngestMessage {
  try {
    return parse(body);
  } catch (error) {
    throw error instanceof RangeError ? invalid("it is nested too deeply") : error;
  }
}

function parse(body: string): IngestMessage {
  const fields = parseObject(body);
  if (fields.stepwell === true) return engineMessage(fields);
  if (typeof fields["detail-type"] !== "string" || typeof fields.source !== "string")
    throw invalid('it is no event of EventBridge: "detail-type" or "source" is missing');
  const at = Date.parse(String(fields.time));
  if (Number.isNaN(at)) throw invalid(`its "time" is ${JSON.stringify(fields.time)}`);
  const own = fields.source.startsWith(EVENT_SOURCE_PREFIX);
  if (own && fields["detail-type"] === EVENT_CANCEL_REQUEST) return engineMessage(cancelRequest(ownEvent(fields, at)));
  if (own && fields["detail-type"] === EVENT_SIGNAL) return engineMessage(signalSent(ownEvent(fields, at), at));
  return { kind: "event", event: own ? ownEvent(fields, at) : foreignEvent(fields, at) };
}

function engineMessage(fields: Fields): IngestMessage {
  const problem = engineMessageProblem(fields);
  if (problem !== undefined) throw invalid(problem);
  return { kind: "engine", message: fields as unknown as EngineMessage };
}

/** What `client.cancel` has put on the bus, for want of another way from an app to the engine. */
function cancelRequest({ env, data }: BusEvent): Fields {
  const { app, runId, reason } = "json" in data ? parseObject(data.json) : {};
  const cause: CancelCause = { by: "request", ...(typeof reason === "string" && { reason }) };
  return { v: 1, stepwell: true, kind: "cancel", env, app, runId, cause };
}

/** What `client.sendSignal` and `step.sendSignal` have put there. */
function signalSent({ env, id, data, user }: BusEvent, at: number): Fields {
  const { app, signal } = user === undefined ? {} : parseObject(user);
  return { v: 1, stepwell: true, kind: "signal", env, app, signal, id, at, data };
}

function ownEvent(fields: Fields, at: number): BusEvent {
  const detail = fields.detail;
  if (!isObject(detail)) throw invalid('its "detail" is not an object');
  if (detail.v !== 1) throw invalid(`its envelope has the version ${String(detail.v)}; send events with the SDK`);
  const { id, ts, env, data, ref, user, version, trace } = detail as unknown as EventEnvelope;
  if (typeof id !== "string" || id === "" || id.length > EVENT_ID_CHARS_MAX)
    throw invalid("its envelope has no usable id");
  if (typeof ts !== "number") throw invalid('its envelope lacks "ts"');
  if (typeof env !== "string" || !ENVIRONMENT.test(env))
    throw invalid(`its envelope has the environment ${JSON.stringify(env)}`);
  if (version !== undefined && !(typeof version === "string" && version.length <= VERSION_CHARS_MAX))
    throw invalid('its "version" is not a short text');
  if (user !== undefined && Buffer.byteLength(JSON.stringify(user)) > EVENT_USER_BYTES_MAX)
    throw invalid(`its "user" has more than ${EVENT_USER_BYTES_MAX} bytes`);
  if (ref !== undefined && (typeof ref.s3 !== "string" || typeof ref.bytes !== "number"))
    throw invalid('its "ref" is not one');
  if (trace !== undefined && typeof trace?.hops !== "number") throw invalid('its "trace" has no number of hops');
  const name = fields["detail-type"] as string;
  return {
    v: 1,
    env,
    id,
    name,
    ts,
    // The tail of a run may be repeated more than a day later: its events keep the time of the run's end, and so their runs (L6).
    at: name.startsWith(RESERVED_EVENT_PREFIX) ? ts : at,
    data: ref ?? { json: JSON.stringify(data ?? {}) },
    ...(user !== undefined && { user: JSON.stringify(user) }),
    ...(version !== undefined && { version }),
    hops: trace?.hops ?? 0,
  };
}

/** Anybody else's event: its name is the detail type, its data the detail; it belongs to the default environment. */
function foreignEvent(fields: Fields, at: number): BusEvent {
  if (typeof fields.id !== "string") throw invalid('it has no "id"');
  const name = fields["detail-type"] as string;
  // Else anybody could start an onFailure.
  if (name.startsWith(RESERVED_EVENT_PREFIX))
    throw invalid(`its name "${name}" is the engine's own, and its source "${String(fields.source)}" is not`);
  return {
    v: 1,
    env: DEFAULT_ENVIRONMENT,
    id: fields.id,
    name,
    ts: at,
    at,
    data: { json: JSON.stringify(fields.detail ?? {}) },
    foreign: {
      source: fields.source as string,
      account: String(fields.account ?? ""),
      time: String(fields.time),
      region: String(fields.region ?? ""),
      resources: Array.isArray(fields.resources) ? fields.resources.map(String) : [],
    },
    hops: 0,
  };
}

function parseObject(body: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw invalid(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) throw invalid("it is not an object");
  return value;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (reason: string) =>
  new StepwellError("STEPWELL_INVALID_MESSAGE", `A message of the ingest queue cannot be read: ${reason}.`);
