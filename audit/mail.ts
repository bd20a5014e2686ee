/** The messages of the queues, by what they are about. */
import { EVENT_SOURCE_PREFIX } from "../lambdas/contract.ts";
import { cronEventId } from "../lambdas/engine/run-id.ts";
import type { QueuedMessage } from "./contract.ts";

/** A message that could be read. */
export interface Letter {
  readonly queue: string;
  readonly state: QueuedMessage["state"];
  readonly kind: string;
  /** What it is about, as it says itself. */
  readonly id: string;
  /** Of a timer: the step, the deadline, or the handler's try, and the time. */
  readonly timer?: { readonly stepKey: string; readonly at: number };
  /** Of a timeout. */
  readonly stepKey?: string;
}

/** Of a flush. */
interface Flush {
  readonly runId: string;
  readonly generation: number;
}

export interface Mail {
  /** By the runs that they name, parents too. */
  readonly about: ReadonlyMap<string, readonly Letter[]>;
  /** Ids of events that the router has not acknowledged yet. */
  readonly events: ReadonlySet<string>;
  readonly flushes: readonly Flush[];
  /** The router has something to do, or is about to, of which nobody can tell all the runs. */
  readonly isRouting: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

export function mailOf(messages: readonly QueuedMessage[]): Mail {
  const about = new Map<string, Letter[]>();
  const events = new Set<string>();
  const flushes: Flush[] = [];
  let isRouting = false;
  for (const { queue, state, body } of messages) {
    const outer = fieldsOf(body);
    if (outer === undefined) continue;
    // A long timer carries what it is to send.
    const fields = isFields(outer.message) && outer.kind === "timer" ? outer.message : outer;
    const letter = letterOf(queue, state, fields);
    for (const runId of runsIn(fields)) about.set(runId, [...(about.get(runId) ?? []), letter]);
    const eventId = eventIn(outer);
    if (eventId !== undefined) events.add(eventId);
    if (outer.kind === "flush") flushes.push(outer as unknown as Flush);
    if (eventId !== undefined || (outer.stepwell === true && state !== "delayed")) isRouting = true;
  }
  return { about, events, flushes, isRouting };
}

function letterOf(queue: string, state: Letter["state"], fields: Fields): Letter {
  const { kind, id, timer, stepKey } = fields;
  return {
    ...{ queue, state, kind: String(kind), id: String(id) },
    ...(isFields(timer) && { timer: timer as unknown as NonNullable<Letter["timer"]> }),
    ...(stepKey !== undefined && { stepKey: String(stepKey) }),
  };
}

/** A timer that is still ahead: it says nothing of what is under way. */
export const isAhead = ({ state, id }: Letter): boolean => state === "delayed" && /^time(r|out):/.test(id);

function runsIn({ runId, parent, kind }: Fields): readonly string[] {
  const own = runId === undefined || kind === "flush" || kind === "pump" ? [] : [String(runId)];
  return isFields(parent) ? [...own, String(parent.runId)] : own;
}

/** The event that a message of the ingest queue brings, or makes. */
function eventIn(fields: Fields): string | undefined {
  const { kind, detail, source, id, eventId, app, functionId, at } = fields;
  if (kind === "invoke") return String(eventId);
  if (kind === "cron") return cronEventId({ app: String(app), functionId: String(functionId) }, Date.parse(String(at)));
  if (source === undefined) return undefined;
  const isOwn = String(source).startsWith(EVENT_SOURCE_PREFIX) && isFields(detail);
  return String(isOwn ? detail.id : id);
}

function fieldsOf(body: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(body);
    return isFields(fields) ? fields : undefined;
  } catch {
    // Whoever receives it buries it.
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
