/** What the messages of the queues look like. One that is malformed must not come back fifty times to fail each time (L8). */
import { SIGNAL_CHARS_MAX } from "../../sdk/protocol/index.ts";

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === "string" && value !== "";
const name =
  (charsMax: number): Check =>
  (value) =>
    text(value) && (value as string).length <= charsMax;
const anyText: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const list: Check = (value) => Array.isArray(value);
const exactly =
  (expected: unknown): Check =>
  (value) =>
    value === expected;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const object =
  (shape: Shape): Check =>
  (value) =>
    isRecord(value) && wrongField(value, shape) === undefined;

const payload = either(object({ json: anyText }), object({ s3: text, bytes: number }));
const error = object({ name: anyText, message: anyText });
const outcome = either(object({ ok: exactly(true), data: payload }), object({ ok: exactly(false), error }));
const address: Shape = { env: text, app: text, functionId: text, runId: text };
const parent = object({ ...address, stepKey: text });
const event = object({ env: text, id: text, name: text, ts: number, at: number, hops: number, data: payload });

const gate = object({ scope: text, of: text, id: text, key: optional(anyText) });
const place = object({ gates: list, order: text });
const reserved = object({ place: text, at: number });

const RUN_MESSAGES: Readonly<Record<string, Shape>> = {
  start: {
    event: either(object({ ref: text, at: optional(number) }), event),
    queuedAt: number,
    emits: list,
    parent: optional(parent),
    place: optional(place),
    reserved: optional(reserved),
    singleton: optional(text),
    batch: optional(exactly(true)),
  },
  pump: { gate },
  wake: { timer: optional(object({ stepKey: text, at: number })), reserved: optional(reserved) },
  resolve: { stepKey: text, by: text, outcome, at: optional(number) },
};

const ENGINE_MESSAGES: Readonly<Record<string, Shape>> = {
  invoke: {
    parent,
    target: object({ app: text, functionId: text }),
    eventId: text,
    data: payload,
    user: optional(text),
    at: number,
    hops: number,
  },
  settle: { parent, outcome },
  timer: { at: number, message: (value) => isRecord(value) && runMessageProblem(value) === undefined },
  cron: { env: text, app: text, functionId: text, cron: text, at: text },
  flush: { env: text, app: text, functionId: text, bucket: text, generation: number, runId: text, at: number },
  lookBack: { listener: object({ pk: text, sk: text }) },
  signal: { env: text, app: text, signal: name(SIGNAL_CHARS_MAX), id: text, at: number, data: payload },
  repace: { env: text, app: text, functionId: text, by: text, key: optional(text), after: optional(number) },
  cancel: { env: text, app: text, functionId: optional(text), runId: text, cause: object({ by: text }) },
};

/** What is wrong with a message of a run queue, as the end of a sentence; undefined when it can be handled. */
export function runMessageProblem(message: Readonly<Record<string, unknown>>): string | undefined {
  if (message.v !== 1) return `it has the version ${String(message.v)}, and this app knows version 1`;
  const field = wrongField(message, { id: text, ...address });
  return field === undefined ? kindProblem(message, RUN_MESSAGES) : fieldProblem(field);
}

/** The same for a message of the engine to itself. */
export function engineMessageProblem(message: Readonly<Record<string, unknown>>): string | undefined {
  if (message.v !== 1) return `its version is ${String(message.v)}, and this engine knows version 1`;
  return kindProblem(message, ENGINE_MESSAGES);
}

function kindProblem(
  message: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, Shape>>,
): string | undefined {
  const kind = String(message.kind);
  const shape = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (shape === undefined) return `its kind is ${JSON.stringify(message.kind)}`;
  const field = wrongField(message, shape);
  return field && fieldProblem(field, kind);
}

const fieldProblem = (field: string, kind = "message"): string =>
  `the "${field}" of this ${kind} is missing, or not what it must be`;

function wrongField(value: Readonly<Record<string, unknown>>, shape: Shape): string | undefined {
  return Object.keys(shape).find((field) => shape[field]?.(value[field]) === false);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
