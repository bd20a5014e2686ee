/**
 * The parts of a load: functions of every family, and what must come of each use of them. A use is told by its number alone, so that the
 * load remembers nothing of those before. All that a function returns is a number made from its use's, so that outputs tell whose they are.
 */
import type { Served } from "../../lambdas/runner/functions.ts";
import { NonRetriableError, RetryAfterError } from "../../sdk/errors/index.ts";
import type { App } from "../contract.ts";

export interface Part {
  readonly name: string;
  readonly functions: (app: App) => readonly Served[];
  readonly use: (n: number) => Use;
}

export interface Use {
  readonly events: readonly LoadEvent[];
  readonly runs: readonly ExpectedRun[];
}

export interface LoadEvent {
  readonly id: string;
  readonly name: string;
  readonly data: { readonly n: number; readonly key?: string };
  /** Minutes after the use's first event. */
  readonly later?: number;
}

/** A run that a use has, or the record of an event that starts none. */
export interface ExpectedRun {
  readonly functionId: string;
  readonly status: "completed" | "failed" | "cancelled" | "skipped";
  readonly output?: number;
}

interface Input {
  readonly event: { readonly data: { readonly n: number } };
  readonly events: readonly { readonly data: { readonly n: number } }[];
  readonly attempt: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tools of a client without schemas
  readonly step: any;
}
type Handler = (input: Input, app: App) => Promise<unknown>;

const LARGE_EVERY = 50;
const LARGE_CHARS = 250_000;

const eventOf = (name: string, n: number, more: Partial<LoadEvent> = {}): LoadEvent => ({
  id: `${name}-${n}`,
  name: `load/${name}`,
  data: { n },
  ...more,
});

const made = (app: App, id: string, handler: Handler, options: object = {}): Served =>
  app.client.createFunction({ id, ...options }, { event: `load/${id}` }, ((input: Input) =>
    handler(input, app)) as never) as unknown as Served;

const completed = (functionId: string, output: number): ExpectedRun => ({ functionId, status: "completed", output });

/** One function, whose run of use n completes with `outputOf(n)`. */
const simple = (
  name: string,
  handler: Handler,
  { options = {}, outputOf = (n: number) => n }: { options?: object; outputOf?: (n: number) => number } = {},
): Part => ({
  name,
  functions: (app) => [made(app, name, handler, options)],
  use: (n) => ({ events: [eventOf(name, n)], runs: [completed(name, outputOf(n))] }),
});

const sequence = simple(
  "sequence",
  async ({ event, step }) => {
    let x = event.data.n;
    for (let i = 0; i < 5; i++) x = await step.run("add", () => x + 1);
    return x;
  },
  { outputOf: (n) => n + 5 },
);

const parallel = simple(
  "parallel",
  async ({ event: { data }, step }) => {
    const parts = [0, 1, 2, 3, 4].map((i) => step.run(`part-${i}`, () => data.n + i));
    return (await Promise.all(parts)).reduce((sum: number, part: number) => sum + part, 0);
  },
  { outputOf: (n) => 5 * n + 10 },
);

const race = simple("race", async ({ event, step }) =>
  Promise.race([step.run("quick", () => event.data.n), step.sleep("slow", "1d").then(() => -1)]),
);

const sleep = simple("sleep", async ({ event, step }) => {
  await step.sleep("short", "40s");
  await step.sleep("long", "30m");
  return step.run("awake", () => event.data.n);
});

const retry = simple("retry", async ({ event, step, attempt }) =>
  step.run("flaky", () => {
    if (attempt === 0) throw new RetryAfterError("not yet", "5s");
    return event.data.n;
  }),
);

const large = simple(
  "large",
  async ({ event, step }) => {
    const chars = event.data.n % LARGE_EVERY === 0 ? LARGE_CHARS : 10;
    const text: string = await step.run("text", () => "x".repeat(chars));
    await step.sleep("rest", "30s");
    return text.length + event.data.n;
  },
  { outputOf: (n) => n + (n % LARGE_EVERY === 0 ? LARGE_CHARS : 10) },
);

const slowly: Handler = async ({ event, step }, { slow }) =>
  step.run("work", () => slow(1_000).then(() => event.data.n));

const keyed = (name: string, keys: number, options: object, handler = slowly): Part => ({
  ...simple(name, handler, { options }),
  use: (n) => ({
    events: [eventOf(name, n, { data: { n, key: `k${n % keys}` } })],
    runs: [completed(name, n)],
  }),
});

const KEY = "event.data.key";
const limited = keyed("limited", 20, { concurrency: { limit: 2, key: KEY } });
const throttled = keyed("throttled", 5, { throttle: { limit: 5, period: "1m", key: KEY } });
const debounced = keyed("debounced", 1_000_000, { debounce: { period: "30s", key: KEY } });
const single = keyed("single", 1_000_000, { singleton: { mode: "skip", key: KEY } });

/** How many are together is not known: what all of them return in sum is. */
const batched: Part = {
  name: "batched",
  functions: (app) => [
    made(app, "batched", async ({ events }) => events.reduce((sum, { data }) => sum + data.n, 0), {
      batchEvents: { maxSize: 10, timeout: "1m" },
    }),
  ],
  use: (n) => ({ events: [eventOf("batched", n)], runs: [] }),
};

const waiting: Part = {
  name: "waiting",
  functions: (app) => [
    made(app, "waiting", async ({ step }) => {
      const paid = await step.waitForEvent("paid", { event: "load/paid", match: "data.n", timeout: "1h" });
      return paid === null ? -1 : paid.data.n;
    }),
  ],
  use: (n) => {
    const isPaid = n % 32 < 16;
    const paid = isPaid ? [eventOf("paid", n, { later: 5 })] : [];
    return { events: [eventOf("waiting", n), ...paid], runs: [completed("waiting", isPaid ? n : -1)] };
  },
};

const invoking: Part = {
  name: "invoking",
  functions: (app) => {
    const child = made(app, "child", async ({ event, step }) => step.run("double", () => event.data.n * 2));
    const parent = made(app, "invoking", async ({ event, step }) => {
      const doubled: number = await step.invoke("ask", { function: child, data: { n: event.data.n } });
      return doubled + 1;
    });
    return [child, parent];
  },
  use: (n) => ({
    events: [eventOf("invoking", n)],
    runs: [completed("invoking", 2 * n + 1), completed("child", 2 * n)],
  }),
};

const telling: Part = {
  name: "telling",
  functions: (app) => [
    made(app, "told", async ({ event }) => event.data.n),
    made(app, "telling", async ({ event, step }) => {
      await step.sendEvent("tell", { name: "load/told", data: { n: event.data.n } });
      return event.data.n;
    }),
  ],
  use: (n) => ({ events: [eventOf("telling", n)], runs: [completed("telling", n), completed("told", n)] }),
};

/** Two events of one key: one of them has the run. */
const once: Part = {
  name: "once",
  functions: (app) => [made(app, "once", slowly, { idempotency: KEY })],
  use: (n) => {
    const data = { n, key: `k${n}` };
    const twice = [eventOf("once", n, { data }), eventOf("once", n, { id: `again-${n}`, data, later: 1 })];
    return { events: twice, runs: [completed("once", n), { functionId: "once", status: "skipped" }] };
  },
};

const failing: Part = {
  name: "failing",
  functions: (app) => [
    made(
      app,
      "failing",
      async ({ step }) =>
        step.run("break", () => {
          throw new NonRetriableError("broken");
        }),
      { onFailure: async () => 1 },
    ),
  ],
  use: (n) => ({
    events: [eventOf("failing", n)],
    runs: [{ functionId: "failing", status: "failed" }, completed("failing-failure", 1)],
  }),
};

const cancelled: Part = {
  name: "cancelled",
  functions: (app) => [
    made(app, "cancelled", async ({ step }) => step.sleep("long", "2d"), {
      cancelOn: [{ event: "load/stop", match: "data.n" }],
    }),
  ],
  use: (n) => ({
    events: [eventOf("cancelled", n), eventOf("stop", n, { later: 5 })],
    runs: [{ functionId: "cancelled", status: "cancelled" }],
  }),
};

export const PARTS: readonly Part[] = [
  ...[sequence, parallel, race, sleep, waiting, invoking, retry, telling],
  ...[limited, throttled, debounced, batched, once, single, failing, cancelled, large],
];

/** Uses take the parts in turn. */
export const partOf = (n: number): Part => PARTS[n % PARTS.length] as Part;
