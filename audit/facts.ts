/** A snapshot, sorted: what belongs to which run, gate and bucket. */
import { headerKey, STEP_PREFIX, startPrefix } from "../lambdas/aws/keys.ts";
import { stepItems } from "../lambdas/aws/step-item.ts";
import { type Bucket, bucketRunId } from "../lambdas/engine/bucket.ts";
import type { Promised, Slot } from "../lambdas/engine/gate.ts";
import type { Listener, RunHeader } from "../lambdas/engine/types.ts";
import {
  type FunctionManifest,
  RETENTION_DAYS_DEFAULT,
  type RegisteredApp,
  type StepKind,
  type WaitSpec,
} from "../sdk/protocol/index.ts";
import type { AuditOptions, Item, Snapshot } from "./contract.ts";
import { type Mail, mailOf } from "./mail.ts";

/** A header as it is stored, and when its run is due. */
export type Header = RunHeader & { readonly due?: number };

/** A step as it is stored; its result is not looked at. */
export interface Step {
  readonly sk: string;
  readonly key: string;
  readonly id: string;
  readonly kind: StepKind;
  readonly fence: number;
  readonly attempts: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly until?: number;
  readonly order?: number;
  readonly by?: string;
  readonly wait?: WaitSpec;
  readonly outcome?: "ok" | "error";
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** All that lies in a run's partition. */
export interface Run {
  readonly env: string;
  readonly app: string;
  readonly runId: string;
  /** Absent: the run has not been created yet, or its header has expired. */
  readonly header?: Header;
  readonly steps: readonly Step[];
  /** Sort keys of everything in it. */
  readonly has: ReadonlySet<string>;
}

/** A run with its header. */
export type KnownRun = Run & { readonly header: Header };

/** The slots of a gate: all of its shards. */
export interface GateFacts {
  readonly pk: string;
  readonly id: string;
  readonly env: string;
  readonly holders: readonly (Slot & { readonly runId: string })[];
  readonly promised: readonly (Promised & { readonly runId: string })[];
  readonly heldUntil: number;
}

/** A place in a line. */
export interface Place {
  readonly pk: string;
  readonly sk: string;
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
  readonly gate: { readonly id: string };
  readonly limit: number;
  readonly since: number;
}

/** A generation of a debounce or a batch. */
export interface BucketFacts {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly id: string;
  readonly generation: number;
  readonly bucket: Bucket;
  /** The run that it has, or will have. */
  readonly runId: string;
}

export interface Facts {
  readonly snapshot: Snapshot;
  readonly now: number;
  readonly retentionMs: number;
  readonly options: AuditOptions;
  readonly mail: Mail;
  readonly runs: readonly Run[];
  readonly gates: readonly GateFacts[];
  readonly places: readonly Place[];
  readonly buckets: readonly BucketFacts[];
  readonly listeners: readonly Listener[];
  /** Waiters, and signals that have been sent. */
  readonly signals: readonly Item[];
  readonly locks: readonly Item[];
  readonly deadLetters: readonly Item[];
  readonly apps: readonly RegisteredApp[];
  /** Runs by id; in several environments there may be one of the same id. */
  readonly byId: ReadonlyMap<string, readonly Run[]>;
  /** Schedules and executions by the run in their name. */
  readonly timersOf: ReadonlyMap<string, readonly string[]>;
  readonly itemAt: (pk: string, sk: string) => Item | undefined;
}

const DAY_MS = 86_400_000;
const RUN_ID_CHARS = 26;

export function factsOf(snapshot: Snapshot, options: AuditOptions): Facts {
  const { items, now } = snapshot;
  const byKey = new Map(items.map((item) => [`${item.pk}\n${item.sk}`, item]));
  const ofKind = Map.groupBy(items, ({ pk }) => pk.split("#")[2] ?? "");
  const all = (kind: string) => ofKind.get(kind) ?? [];
  const runs = [...Map.groupBy(all("run"), ({ pk }) => pk)].map(([pk, own]) => runOf(pk, own));
  const timers = [...(snapshot.schedules ?? []), ...(snapshot.executions ?? [])];
  return {
    snapshot,
    now,
    retentionMs: snapshot.retentionMs ?? RETENTION_DAYS_DEFAULT * DAY_MS,
    options,
    mail: mailOf(snapshot.messages ?? []),
    runs,
    gates: [...Map.groupBy(all("slots"), ({ pk }) => pk)].map(([pk, shards]) => gateOf(pk, shards)),
    places: all("backlog").map((item) => parsed<Place>(item, ["gate"])),
    buckets: all("bucket")
      .filter(({ sk }) => sk.startsWith("generation#"))
      .map(bucketOf),
    listeners: all("listener") as unknown as readonly Listener[],
    signals: all("signal"),
    locks: all("lock"),
    deadLetters: all("dead"),
    apps: appsIn(all("registry")),
    byId: Map.groupBy(runs, ({ runId }) => runId),
    timersOf: Map.groupBy(timers, (name) => name.slice(0, RUN_ID_CHARS)),
    itemAt: (pk, sk) => byKey.get(`${pk}\n${sk}`),
  };
}

/** The apps that are registered. */
export const appsIn = (items: readonly Item[]): readonly RegisteredApp[] =>
  items.filter(({ pk }) => pk.endsWith("#registry")).map(({ app }) => JSON.parse(String(app)) as RegisteredApp);

/** Attributes that are JSON, read. */
const parsed = <T>(item: Item, names: readonly string[]): T => {
  const json = names.filter((name) => item[name] !== undefined);
  return { ...item, ...Object.fromEntries(json.map((name) => [name, JSON.parse(String(item[name]))])) } as T;
};

function runOf(pk: string, items: readonly Item[]): Run {
  const [env = "", app = "", , runId = ""] = pk.split("#");
  const header = items.find(({ sk }) => sk === headerKey({ env, app, runId }).sk);
  const steps = stepItems(items.filter(({ sk }) => sk.startsWith(STEP_PREFIX))) as readonly Item[];
  return {
    ...{ env, app, runId },
    ...(header && { header: headerOf(header) }),
    steps: steps.map((step) => parsed<Step>(step, ["wait", "error"])),
    has: new Set([...items, ...steps].map(({ sk }) => sk)),
  };
}

function headerOf(item: Item): Header {
  const { gsi2sk } = item;
  const header = parsed<Header>(item, ["parent", "outcome", "gates", "cancel", "bucket", "skipped"]);
  return gsi2sk === undefined ? header : { ...header, due: dueIn(String(gsi2sk)) };
}

/** The time at the beginning of a sort key of the index of what is due. */
const dueIn = (sortKey: string): number => Date.parse(sortKey.slice(0, sortKey.indexOf("#")));

function gateOf(pk: string, items: readonly Item[]): GateFacts {
  const [env = "", , , ...id] = pk.split("#");
  const entries = <T>(name: string) =>
    items.flatMap((item) =>
      Object.entries((item[name] ?? {}) as Record<string, T>).map(([runId, one]) => ({ ...one, runId })),
    );
  const held = items.find(({ sk }) => sk === "held");
  return {
    ...{ pk, env, id: id.join("#") },
    holders: entries<Slot>("holders"),
    promised: entries<Promised>("promised"),
    heldUntil: Number(held?.until ?? 0),
  };
}

function bucketOf(item: Item): BucketFacts {
  const [env = "", app = "", , functionId = "", id = ""] = item.pk.split("#");
  const generation = Number(item.sk.split("#")[1]);
  const { events, ...bucket } = parsed<Bucket & { readonly events?: unknown }>(item, ["first", "latest", "events"]);
  const listed = (events as readonly (readonly [string, number, number])[] | undefined)?.map(([id, at, ts]) => ({
    ...{ id, at, ts },
  }));
  const whole: Bucket = { ...bucket, ...(listed && { events: listed }) };
  const runId = bucketRunId({ app, functionId }, id, generation, whole);
  return { env, app, functionId, id, generation, bucket: whole, runId };
}

/** A run that there is: not a mere cancellation ahead of its start. */
export const isKnown = (run: Run): run is KnownRun => run.header?.eventId !== undefined;

export const isActive = (run: Run): run is KnownRun => isKnown(run) && run.header.status === "active";

export const isEnded = (run: Run): run is KnownRun =>
  isKnown(run) && run.header.status !== "active" && run.header.status !== "skipped";

/** Somebody has the lease, or had it when he died. */
export const isHeld = ({ header }: KnownRun): boolean => header.owner !== undefined;

/** The runs of an owner of gates, listeners or locks: of an environment, or (`$`) of all. */
export const runsNamed = ({ byId }: Facts, env: string, runId: string): readonly Run[] =>
  (byId.get(runId) ?? []).filter((run) => env === "$" || run.env === env);

export const functionOf = (
  { apps }: Facts,
  { env, app, functionId }: { readonly env: string; readonly app: string; readonly functionId: string },
): { readonly fn: FunctionManifest; readonly codeVersion: string } | undefined => {
  const registered = apps.find((one) => one.env === env && one.manifest.app === app);
  const fn = registered?.manifest.functions.find(({ id }) => id === functionId);
  return registered && fn && { fn, codeVersion: registered.codeVersion };
};

/** Whether a schedule is of a throttled start, by the number of its move; a deadline for the start has a time there. */
export const isStartTimer = (runId: string, name: string): boolean =>
  name.startsWith(startPrefix(runId)) && Number(name.slice(startPrefix(runId).length)) < MOVES_MAX;

const MOVES_MAX = 1e9;

/** A run in words. */
export const nameOf = ({ app, header, runId }: Run): string =>
  `the run ${runId}${header?.functionId === undefined ? "" : ` of ${app}/${header.functionId}`}`;
