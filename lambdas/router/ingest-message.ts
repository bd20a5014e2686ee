import type { EngineMessage, EventEnvelope, Payload, StoredEvent } from "../../sdk/protocol/index.ts";
import { EVENT_ID_CHARS_MAX, RESERVED_EVENT_PREFIX, StepwellError } from "../../sdk/protocol/index.ts";
import { DEFAULT_ENVIRONMENT, EVENT_SOURCE_PREFIX } from "../contract.ts";
import { engineMessageProblem } from "../engine/message-shapes.ts";

/** What stands on the ingest queue: an event of the bus, or a message of the engine. */
export type IngestMessage =
  | { readonly kind: "engine"; readonly message: EngineMessage }
  | { readonly kind: "event"; readonly event: BusEvent };

/** An event as it came; its data is JSON text, or already in S3. */
export type BusEvent = Omit<StoredEvent, "data"> & { readonly data: Payload };

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
  if (fields.stepwell === true) {
    const problem = engineMessageProblem(fields);
    if (problem !== undefined) throw invalid(problem);
    return { kind: "engine", message: fields as unknown as EngineMessage };
  }
  if (typeof fields["detail-type"] !== "string" || typeof fields.source !== "string")
    throw invalid('it is no event of EventBridge: "detail-type" or "source" is missing');
  const at = Date.parse(String(fields.time));
  if (Number.isNaN(at)) throw invalid(`its "time" is ${JSON.stringify(fields.time)}`);
  const own = fields.source.startsWith(EVENT_SOURCE_PREFIX);
  return { kind: "event", event: own ? ownEvent(fields, at) : foreignEvent(fields, at) };
}

function ownEvent(fields: Fields, at: number): BusEvent {
  const detail = fields.detail;
  if (!isObject(detail)) throw invalid('its "detail" is not an object');
  if (detail.v !== 1) throw invalid(`its envelope has the version ${String(detail.v)}; send events with the SDK`);
  const { id, ts, env, data, ref, user, version, trace } = detail as unknown as EventEnvelope;
  if (typeof id !== "string" || id === "" || id.length > EVENT_ID_CHARS_MAX)
    throw invalid("its envelope has no usable id");
  if (typeof ts !== "number" || typeof env !== "string") throw invalid('its envelope lacks "ts" or "env"');
  if (ref !== undefined && (typeof ref.s3 !== "string" || typeof ref.bytes !== "number"))
    throw invalid('its "ref" is not one');
  if (trace !== undefined && typeof trace?.hops !== "number") throw invalid('its "trace" has no number of hops');
  return {
    v: 1,
    env,
    id,
    name: fields["detail-type"] as string,
    ts,
    at,
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
