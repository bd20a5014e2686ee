import {
  Backoff,
  EventSchemas,
  eventType,
  RetryAfterError,
  referenceFunction,
  Stepwell,
  StepwellError,
  StepwellMiddleware,
} from "stepwell";
import { serve } from "stepwell/lambda";
import { type LocalCloud, startLocal } from "stepwell/local";
import {
  dependencyInjectionMiddleware,
  encryptionMiddleware,
  errorReportingMiddleware,
  openTelemetryMiddleware,
} from "stepwell/middleware";
import { afterAll, describe, expect, test } from "vitest";
import { OPTIONS } from "../../sdk/functions/options.ts";
import { createStepTools } from "../../sdk/steps/index.ts";
import { fakeLedger } from "./fake-run.ts";
import { thrownBy } from "./thrown.ts";

/** Values of every type, and some that are only wrong in their value. */
const POOL: readonly (readonly [kind: string, value: unknown])[] = [
  ["null", null],
  ["boolean", true],
  ["boolean", false],
  ["zero", 0],
  ["count", 3],
  ["negative", -1],
  ["fraction", 1.5],
  ["NaN", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
  ["empty", ""],
  ["word", "nonsense"],
  ["long", "x".repeat(50_000)],
  ["list", []],
  ["words", ["nonsense"]],
  ["object", {}],
  ["stranger", { nonsense: 1 }],
  ["function", () => 1],
  ["symbol", Symbol("s")],
  ["bigint", 10n],
  ["map", new Map()],
  ["date", new Date(Number.NaN)],
];

/** Where an option is, how it is given, and which kinds of values it takes; of the others each is refused by the path. */
interface Row {
  readonly path: string;
  readonly give: (value: unknown) => unknown;
  readonly takes?: readonly string[];
}

const client = new Stepwell({ id: "shop" });
const loose = client.createFunction as (...shape: unknown[]) => unknown;
const create = (options: object, trigger: unknown = { event: "a/b" }) =>
  loose.call(client, { id: "f", ...options }, trigger, () => 1);
const NUMBERS = ["zero", "count", "fraction"];
const TEXTS = ["word", "long"];
/** A `Map` has no fields, and an invalid `Date` has none either: they are objects without options. */
const OBJECTS = ["object", "map", "date"];

/** Rows of the fields of an option that is an object. */
const fields = (
  path: string,
  valid: object,
  give: (value: object) => unknown,
  takes: Readonly<Record<string, readonly string[]>>,
): Row[] =>
  Object.entries(takes).map(([field, kinds]) => ({
    path: `${path}${field}`,
    give: (value) => give({ ...valid, [field]: value }),
    takes: kinds,
  }));

const CLIENT: Row[] = [
  { path: "new Stepwell", give: (value) => new Stepwell(value as { id: string }) },
  ...fields("new Stepwell: ", { id: "a" }, (options) => new Stepwell(options as { id: string }), {
    id: ["word"],
    environment: ["word"],
    schemas: [],
    logger: [],
    middleware: ["list"],
    checkpointing: ["boolean", ...OBJECTS],
  }),
];

const FUNCTION: Row[] = [
  { path: "createFunction", give: (value) => loose.call(client, value, { event: "a/b" }, () => 1) },
  { path: "createFunction: id", give: (id) => create({ id }), takes: ["word"] },
  {
    path: 'createFunction "f": the last argument',
    give: (handler) => loose.call(client, { id: "f" }, { event: "a/b" }, handler),
    takes: ["function"],
  },
  ...fields('createFunction "f": ', {}, create, {
    name: ["empty", ...TEXTS],
    description: ["empty", ...TEXTS],
    retries: ["zero", "count", ...OBJECTS],
    maxSteps: ["count"],
    onFailure: ["function"],
    onCancel: ["function"],
    optimizeParallelism: ["boolean"],
    checkpointing: ["boolean", ...OBJECTS],
    middleware: ["list"],
    concurrency: ["count"],
    throttle: [],
    rateLimit: [],
    debounce: [],
    priority: [],
    singleton: [],
    idempotency: [],
    batchEvents: [],
    timeouts: OBJECTS,
    cancelOn: [],
    lookback: ["word", "words"],
  }),
  ...fields('createFunction "f": retries.', {}, (retries) => create({ retries }), {
    attempts: ["count"],
    backoff: [],
    maxDelay: NUMBERS,
  }),
  ...fields('createFunction "f": checkpointing.', {}, (checkpointing) => create({ checkpointing }), {
    bufferedSteps: ["count"],
    maxInterval: ["count", "fraction"],
    maxRuntime: ["count", "fraction"],
  }),
  ...fields('createFunction "f": concurrency.', { limit: 1 }, (concurrency) => create({ concurrency }), {
    limit: ["count"],
    key: [],
    scope: [],
  }),
  ...fields(
    'createFunction "f": concurrency[1].',
    { limit: 1, key: "event.data.a" },
    (limit) => create({ concurrency: [1, limit] }),
    {
      limit: ["count"],
      key: [],
      scope: [],
    },
  ),
  ...fields('createFunction "f": throttle.', { limit: 1, period: "1m" }, (throttle) => create({ throttle }), {
    limit: ["count"],
    period: [],
    burst: ["zero", "count"],
    key: [],
  }),
  ...fields('createFunction "f": rateLimit.', { limit: 1, period: "1m" }, (rateLimit) => create({ rateLimit }), {
    limit: ["count"],
    period: [],
    key: [],
  }),
  ...fields('createFunction "f": debounce.', { period: "1m" }, (debounce) => create({ debounce }), {
    period: [],
    timeout: [],
    key: [],
    collect: ["boolean"],
  }),
  ...fields('createFunction "f": priority.', {}, (priority) => create({ priority }), { run: [] }),
  ...fields('createFunction "f": singleton.', { mode: "skip" }, (singleton) => create({ singleton }), {
    mode: [],
    key: [],
  }),
  ...fields(
    'createFunction "f": batchEvents.',
    { maxSize: 1, timeout: "1m" },
    (batchEvents) => create({ batchEvents }),
    {
      maxSize: ["count"],
      timeout: [],
      key: [],
      if: [],
    },
  ),
  ...fields('createFunction "f": timeouts.', {}, (timeouts) => create({ timeouts }), {
    start: ["count", "fraction"],
    finish: ["count", "fraction"],
  }),
  ...fields('createFunction "f": cancelOn.', { event: "a/b" }, (cancelOn) => create({ cancelOn }), {
    event: ["word"],
    match: [],
    if: [],
    timeout: ["count", "fraction"],
  }),
  ...fields('createFunction "f": cancelOn[0].', { event: "a/b" }, (event) => create({ cancelOn: [event] }), {
    event: ["word"],
  }),
];

const TRIGGERS: Row[] = [
  { path: 'createFunction "f": trigger', give: (trigger) => create({}, trigger) },
  { path: 'createFunction "f": triggers', give: (triggers) => loose.call(client, { id: "f", triggers }, () => 1) },
  { path: 'createFunction "f": trigger[1]', give: (trigger) => create({}, [{ event: "a/b" }, trigger]) },
  ...fields('createFunction "f": trigger: ', { event: "a/b" }, (trigger) => create({}, trigger), {
    event: ["word"],
    if: [],
  }),
  ...fields('createFunction "f": trigger: ', {}, (trigger) => create({}, trigger), { cron: [] }),
];

const EVENTS = (where: string, send: (events: unknown) => unknown): Row[] => [
  { path: where, give: send, takes: ["list"] },
  { path: `${where}: events[1]`, give: (event) => send([{ name: "a/b" }, event]) },
  { path: `${where}: name`, give: (name) => send({ name }), takes: ["word"] },
  ...fields(`${where} "a/b": `, { name: "a/b" }, send, {
    data: [...OBJECTS, "stranger"],
    user: [...OBJECTS, "stranger"],
    id: ["word"],
    ts: [...NUMBERS, "negative"],
    v: ["word"],
  }),
];

const step = createStepTools(fakeLedger().ledger, "shop");
const tools = step as unknown as Readonly<Record<string, (...input: unknown[]) => unknown>>;
const call = (tool: string, ...input: unknown[]) => tools[tool]?.(...input);
const child = client.createFunction({ id: "child" }, { event: "a/b" }, () => 1);

const STEPS: Row[] = [
  ...["run", "sleep", "sleepUntil", "waitForEvent", "invoke", "sendEvent"].flatMap((tool): Row[] => [
    { path: `step.${tool}`, give: (id) => call(tool, id, INPUT[tool]), takes: TEXTS.slice(0, 1) },
    { path: `step.${tool} "s"`, give: (name) => call(tool, { id: "s", name }, INPUT[tool]), takes: ["empty", "word"] },
  ]),
  { path: 'step.run "s"', give: (body) => call("run", "s", body), takes: ["function"] },
  { path: 'step.sleep "s"', give: (duration) => call("sleep", "s", duration), takes: NUMBERS },
  { path: 'step.sleepUntil "s"', give: (time) => call("sleepUntil", "s", time), takes: [...NUMBERS, "negative"] },
  { path: 'step.waitForEvent "s"', give: (options) => call("waitForEvent", "s", options) },
  ...fields('step.waitForEvent "s": ', { event: "a/b", timeout: 1 }, (options) => call("waitForEvent", "s", options), {
    event: ["word", "words"],
    timeout: NUMBERS,
    match: [],
    if: [],
    lookback: NUMBERS,
  }),
  ...fields('step.waitForSignal "s": ', { signal: "a", timeout: 1 }, (options) => call("waitForSignal", "s", options), {
    signal: ["word"],
    timeout: NUMBERS,
    onConflict: [],
  }),
  ...fields('step.sendSignal "s": ', { signal: "a" }, (options) => call("sendSignal", "s", options), {
    signal: ["word"],
    appId: ["word"],
  }),
  { path: 'step.invoke "s"', give: (target) => call("invoke", "s", target) },
  { path: 'step.invoke "s": data', give: (data) => call("invoke", "s", child, data), takes: [...OBJECTS, "stranger"] },
  ...fields('step.invoke "s": ', { function: child }, (options) => call("invoke", "s", options), {
    function: [],
    data: [...OBJECTS, "stranger"],
    user: [...OBJECTS, "stranger"],
    timeout: NUMBERS,
  }),
  ...EVENTS('step.sendEvent "s"', (events) => call("sendEvent", "s", events)),
];

/** A good second argument of each step tool. */
const INPUT: Readonly<Record<string, unknown>> = {
  run: () => 1,
  sleep: 1,
  sleepUntil: 1,
  waitForEvent: { event: "a/b", timeout: 1 },
  invoke: child,
  sendEvent: [],
};

const RUN_ID = "01JD7QZ3M8W0V5XKB2T4N6R9PC";
const OTHERS: Row[] = [
  { path: "cancel", give: (id) => client.cancel(id as string) },
  { path: "cancel", give: (options) => client.cancel(RUN_ID, options as object), takes: OBJECTS },
  {
    path: "cancel: reason",
    give: (reason) => client.cancel(RUN_ID, { reason: reason as string }),
    takes: ["empty", "word"],
  },
  { path: "referenceFunction", give: (target) => referenceFunction(target as { functionId: string }) },
  ...fields(
    "referenceFunction: ",
    { functionId: "a" },
    (target) => referenceFunction(target as { functionId: string }),
    {
      functionId: ["word"],
      appId: ["word"],
    },
  ),
  // Their messages are as those of any Error: whatever is given becomes text.
  { path: "RetryAfterError", give: (time) => new RetryAfterError("m", time as number), takes: NUMBERS },
  { path: "Backoff", give: (time) => new Backoff("k", time as number), takes: NUMBERS },
  { path: "Backoff: key", give: (key) => new Backoff(key as string, 1), takes: TEXTS },
  { path: "Backoff: options", give: (options) => new Backoff("k", 1, options as object), takes: OBJECTS },
  {
    path: "Backoff: message",
    give: (message) => new Backoff("k", 1, { message: message as string }),
    takes: ["empty", ...TEXTS],
  },
  { path: "eventType: name", give: (name) => eventType(name as "a"), takes: ["word"] },
  { path: 'eventType("a/b")', give: (options) => eventType("a/b", options as object), takes: OBJECTS },
  ...fields('eventType("a/b"): ', {}, (options) => eventType("a/b", options), { schema: [], version: TEXTS }),
  {
    path: 'eventType("a/b").create',
    give: (options) => eventType("a/b").create({}, options as object),
    takes: OBJECTS,
  },
  {
    path: "EventSchemas.fromSchema",
    give: (schemas) => new EventSchemas().fromSchema(schemas as never),
    takes: OBJECTS,
  },
  {
    path: "EventSchemas.fromSchema",
    give: (options) => new EventSchemas().fromSchema({}, options as object),
    takes: OBJECTS,
  },
  { path: "serve", give: (options) => serve(options as never) },
  ...fields("serve: ", { client, functions: [] }, (options) => serve(options as never), {
    client: [],
    functions: ["list"],
  }),
];

const init = () => ({});
const reporter = { captureException: () => {} };
const MIDDLEWARE: Row[] = [
  { path: "new StepwellMiddleware", give: (options) => new StepwellMiddleware(options as never) },
  ...fields("new StepwellMiddleware: ", { name: "m", init }, (options) => new StepwellMiddleware(options as never), {
    name: ["word"],
    init: ["function"],
  }),
  {
    path: "dependencyInjectionMiddleware",
    give: (added) => dependencyInjectionMiddleware(added as object),
    takes: [...OBJECTS, "stranger"],
  },
  { path: "encryptionMiddleware", give: (options) => encryptionMiddleware(options as never) },
  ...fields(
    "encryptionMiddleware: ",
    { keys: [Buffer.alloc(32)] },
    (options) => encryptionMiddleware(options as never),
    { keys: [], events: [], results: ["boolean"], decryptOnly: ["boolean"] },
  ),
  { path: "errorReportingMiddleware", give: (options) => errorReportingMiddleware(options as never) },
  ...fields("errorReportingMiddleware: ", { reporter }, (options) => errorReportingMiddleware(options as never), {
    reporter: [],
    tries: [],
    flushTimeout: ["zero", "count", "fraction"],
  }),
  { path: "openTelemetryMiddleware", give: (options) => openTelemetryMiddleware(options as never) },
];

const localOptions = { client, functions: [], clock: "virtual" };
const closeAgain = async (options: unknown) => {
  const cloud = await startLocal(options as never);
  await (cloud as { close(): Promise<void> }).close();
};
const LOCAL: Row[] = [
  { path: "startLocal", give: closeAgain },
  ...fields("startLocal: ", localOptions, closeAgain, {
    client: [],
    functions: ["list"],
    clock: [],
    waits: [],
    port: ["zero", "count"],
    host: ["word", "long"],
    seed: ["zero", "count", "negative"],
    timeout: ["count", "fraction"],
    dataDir: ["word", "long"],
    logger: [],
  }),
  ...fields("startLocal: ", {}, closeAgain, { entry: [] }),
  ...fields("startLocal: ", { entry: import.meta.filename }, closeAgain, { env: OBJECTS }),
];

/** A cloud of one function, opened when it is first asked, and closed after all. */
let opened: Promise<LocalCloud> | undefined;
const cloud = () => {
  opened ??= startLocal({ client, functions: [child], clock: "virtual" });
  return opened;
};
afterAll(async () => (await opened)?.close());

const CLOUD: Row[] = [
  { path: "passTime", give: async (time) => (await cloud()).passTime(time as number), takes: NUMBERS },
  { path: "cancel", give: async (options) => (await cloud()).cancel(RUN_ID, options as object), takes: OBJECTS },
  {
    path: "cancel: reason",
    give: async (reason) => (await cloud()).cancel(RUN_ID, { reason: reason as string }),
    takes: ["empty", ...TEXTS],
  },
  { path: "fire", give: async (id) => (await cloud()).fire(id as string) },
  { path: "The id of a run", give: async (id) => (await cloud()).run(id as string), takes: TEXTS },
  { path: "The id of a run", give: async (id) => (await cloud()).waitForRun(id as string), takes: TEXTS },
  { path: "The id of an event", give: async (id) => (await cloud()).runsOf(id as string), takes: TEXTS },
  { path: "runs", give: async (query) => (await cloud()).runs(query as object), takes: OBJECTS },
  ...fields("runs: ", {}, async (query) => (await cloud()).runs(query), {
    functionId: TEXTS,
    status: [],
    limit: ["count"],
  }),
  { path: "skips", give: async (query) => (await cloud()).skips(query as object), takes: OBJECTS },
  ...fields("skips: ", {}, async (query) => (await cloud()).skips(query), {
    functionId: TEXTS,
    since: [...NUMBERS, "negative"],
  }),
  { path: "redrive", give: async (ids) => (await cloud()).redrive(ids as string[]), takes: ["list", "words"] },
];

const SURFACES: Readonly<Record<string, readonly Row[]>> = {
  "the client": CLIENT,
  createFunction: FUNCTION,
  triggers: TRIGGERS,
  send: EVENTS("send", (events) => client.send(events as never)),
  "step tools": STEPS,
  middleware: MIDDLEWARE,
  "what else there is": OTHERS,
  startLocal: LOCAL,
  "the local cloud": CLOUD,
};

/** What a wrong value of the pool gets: a typed error that begins with the option's path. */
async function expectRefused({ path, give }: Row, value: unknown): Promise<string | undefined> {
  const error = await thrownBy(() => give(value)).catch(() => undefined);
  if (error === undefined) return "is taken";
  if (!StepwellError.is(error)) return `throws ${String(error)}`;
  if (!error.message.startsWith(path)) return `is refused elsewhere: ${error.message}`;
  return undefined;
}

describe.each(Object.entries(SURFACES))("%s", (_surface, rows) => {
  test.each(rows.map((row) => [row.path, row] as const))(
    "refuses what is wrong at `%s`, by its path",
    async (_path, row) => {
      const wrong = POOL.filter(([kind]) => !row.takes?.includes(kind));
      const found: string[] = [];
      for (const [kind, value] of wrong) {
        const flaw = await expectRefused(row, value);
        if (flaw !== undefined) found.push(`${kind} ${flaw}`.slice(0, 300));
      }
      expect(found).toEqual([]);
    },
  );
});

test("every option of createFunction is in the table", () => {
  const tested = FUNCTION.map(({ path }) => /^createFunction(?: "f")?: (\w+)$/.exec(path)?.[1]);
  const missing = Object.keys(OPTIONS).filter((name) => !tested.includes(name) && name !== "triggers");
  expect(missing).toEqual([]);
});
