import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import {
  type EventEnvelope,
  PUT_EVENTS_BYTES_MAX,
  PUT_EVENTS_ENTRIES_MAX,
  PUT_EVENTS_TRIES_MAX,
  StepwellError,
} from "../../sdk/protocol/index.ts";
import { type EngineBinding, EVENT_SOURCE_PREFIX } from "../contract.ts";
import { clientConfigOf, createClients } from "./clients.ts";
import { createPayloadStore, type PayloadStore } from "./payload-store.ts";

const RETRY_BASE_MS = 50;

/** Waits between two tries, in milliseconds. */
export type Pause = (ms: number) => Promise<void>;

const pauseForReal: Pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** An event that has been checked and has its id. */
export interface BusEvent {
  readonly name: string;
  readonly envelope: EventEnvelope;
}

interface Entry {
  readonly id: string;
  readonly bytes: number;
  readonly request: PutEventsRequestEntry;
}

interface Refused {
  readonly entry: Entry;
  readonly reason: string;
}

/** Own events on their way to the bus: in chunks that PutEvents takes, large data by claim check, refused entries again. */
export const createBus = (
  client: () => EventBridgeClient,
  payloads: PayloadStore,
  busName: string,
  pause: Pause = pauseForReal,
) => ({
  /** @throws StepwellError `STEPWELL_SEND_FAILED` naming the events that were not accepted; the others were. */
  async send(app: string, events: readonly BusEvent[]): Promise<void> {
    const entries = await Promise.all(events.map((event) => toEntry(payloads, busName, app, event)));
    const refused: Refused[] = [];
    for (const chunk of chunksOf(entries)) refused.push(...(await putWithRetries(client(), chunk, pause)));
    if (refused.length > 0) throw sendError(refused, events.length);
  },
});

export type Bus = ReturnType<typeof createBus>;

/** The bus for code outside of a run, from the engine's binding in the environment. */
export function createBusSender(binding: EngineBinding): Bus {
  const clients = createClients(clientConfigOf(binding));
  const payloads = createPayloadStore(() => clients.s3, binding.bucketName);
  return createBus(() => clients.eventBridge, payloads, binding.busName);
}

async function toEntry(payloads: PayloadStore, bus: string, app: string, { name, envelope }: BusEvent): Promise<Entry> {
  const { data, ...rest } = envelope;
  const stored = await payloads.store(`events/${envelope.env}/${envelope.id}`, JSON.stringify(data ?? null));
  const detail: EventEnvelope = "s3" in stored ? { ...rest, ref: stored } : envelope;
  const request = {
    EventBusName: bus,
    Source: EVENT_SOURCE_PREFIX + app,
    DetailType: name,
    Detail: JSON.stringify(detail),
  };
  const bytes = Buffer.byteLength(request.Detail) + request.Source.length + Buffer.byteLength(name);
  return { id: envelope.id, bytes, request };
}

function* chunksOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let chunk: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (chunk.length === PUT_EVENTS_ENTRIES_MAX || (chunk.length > 0 && bytes + entry.bytes > PUT_EVENTS_BYTES_MAX)) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(entry);
    bytes += entry.bytes;
  }
  if (chunk.length > 0) yield chunk;
}

async function putWithRetries(
  client: EventBridgeClient,
  chunk: readonly Entry[],
  pause: Pause,
): Promise<readonly Refused[]> {
  let refused: readonly Refused[] = chunk.map((entry) => ({ entry, reason: "not sent" }));
  for (let tries = 0; tries < PUT_EVENTS_TRIES_MAX && refused.length > 0; tries++) {
    if (tries > 0) await pause(RETRY_BASE_MS * 2 ** tries);
    refused = await put(
      client,
      refused.map(({ entry }) => entry),
    );
  }
  return refused;
}

async function put(client: EventBridgeClient, entries: readonly Entry[]): Promise<readonly Refused[]> {
  const reasonOf = await answers(client, entries);
  return entries.flatMap((entry, i) => {
    const reason = reasonOf(i);
    return reason === undefined ? [] : [{ entry, reason }];
  });
}

async function answers(
  client: EventBridgeClient,
  entries: readonly Entry[],
): Promise<(i: number) => string | undefined> {
  try {
    const { Entries } = await client.send(new PutEventsCommand({ Entries: entries.map(({ request }) => request) }));
    return (i) => {
      const answer = Entries?.[i];
      return answer?.EventId === undefined ? `${answer?.ErrorCode}: ${answer?.ErrorMessage}` : undefined;
    };
  } catch (error) {
    const reason = String(error);
    return () => reason;
  }
}

function sendError(refused: readonly Refused[], total: number): StepwellError {
  const list = refused.map(({ entry, reason }) => `"${entry.request.DetailType}" (id ${entry.id}): ${reason}`);
  return new StepwellError(
    "STEPWELL_SEND_FAILED",
    `EventBridge did not accept ${refused.length} of ${total} events; the others were accepted. ` +
      `Send these again (their ids keep that safe): ${list.join("; ")}`,
  );
}
