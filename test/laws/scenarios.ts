import { type GetFunctionInput, NonRetriableError, type Stepwell } from "stepwell";
import type { DurableFunction } from "../../sdk/execution/contract.ts";
import type { FlowManifest } from "../../sdk/protocol/index.ts";
import type { App, Scenario, Stage } from "./harness.ts";
import { START } from "./harness.ts";

type Input = GetFunctionInput<Stepwell>;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** One function, started by the start event. */
export const one =
  (handler: (input: Input, app: App) => Promise<unknown>, options: object = {}): Scenario["functions"] =>
  (app) => [
    app.client.createFunction({ id: "main", ...options }, { event: START }, ((input: Input) =>
      handler(input, app)) as never),
  ];

/** The same functions with flow control as a manifest has it. */
export const withFlow =
  (flow: FlowManifest, functions: Scenario["functions"]): Scenario["functions"] =>
  (app) =>
    functions(app).map((fn) => {
      Object.assign((fn as unknown as DurableFunction).manifest, { flow });
      return fn;
    });

/** Sends an event once everything before has come to rest, takeovers included. */
const sendLater =
  (name: string, afterMs = 5 * MINUTE_MS) =>
  async ({ pass, cloud }: Stage) => {
    await pass(afterMs);
    await cloud.send({ id: `late-${name}`, name, data: { id: 7 } });
    await pass(afterMs);
  };

const failing = (times: number) => (tries: number) => {
  if (tries <= times) throw new Error(`try ${tries}`);
  return "done";
};

export const steps: readonly Scenario[] = [
  {
    name: "three steps in a row",
    functions: one(async ({ step }, { notebook }) => {
      for (const id of ["a", "b", "c"]) await notebook.step(step, id);
      return "done";
    }),
  },
  {
    name: "parallel steps and a race between two",
    functions: one(async ({ step }, { notebook }) => {
      const parallel = ["a", "b", "c"].map((id) => notebook.step(step, id, () => id));
      const first = await Promise.race(parallel);
      await notebook.step(step, `after-${first}`);
      notebook.hand("first", first);
      return (await Promise.all(parallel)).length;
    }),
  },
  {
    name: "a short sleep and a long one",
    functions: one(async ({ step }, { notebook }) => {
      await step.sleep("short", "500ms");
      await notebook.step(step, "between");
      await step.sleep("minute", "1m");
      await step.sleep("long", "2h");
      return notebook.step(step, "after", () => "awake");
    }),
  },
  {
    name: "a rest so long that the results before it have to be kept longer",
    functions: one(async ({ step }, { notebook }) => {
      await Promise.all([notebook.step(step, "one"), notebook.step(step, "two")]);
      await step.sleep("rest", "9d");
      return notebook.step(step, "three");
    }),
  },
  {
    name: "a sleep beside a step, and a race of sleeps",
    functions: one(async ({ step }, { notebook }) => {
      const nap = step.sleep("nap", "20s").then(() => notebook.step(step, "after-nap"));
      await notebook.step(step, "beside");
      await Promise.race([step.sleep("soon", "30s"), step.sleep("later", "3h")]);
      await nap;
      return "done";
    }),
  },
  {
    name: "a decided race, whose losers are closed",
    functions: one(async ({ step, group }, { notebook }) => {
      const later = Object.assign(new Error("later"), {
        name: "RetryAfterError",
        retryAfter: { delayMs: 3 * HOUR_MS },
      });
      const winner = await group.parallel({ mode: "race" }, () =>
        Promise.race([
          step.waitForEvent("never", { event: "laws/never", match: "data.id", timeout: "3d" }),
          step.sleep("long", "4h"),
          notebook.step(step, "broken", () => Promise.reject(later)),
          step.sleep("short", "30m").then(() => notebook.step(step, "winner", () => "short")),
        ]),
      );
      await step.sleep("rest", "1d");
      return notebook.step(step, "after", () => winner);
    }),
  },
  {
    name: "a step that is tried three times, with a backoff",
    functions: one(async ({ step }, { notebook }) => notebook.step(step, "flaky", failing(2)), {
      retries: { attempts: 6, backoff: "fixed" },
    }),
  },
  {
    name: "two flaky steps side by side, with a long backoff",
    functions: one(async ({ step }, { notebook }) => {
      const flaky = (id: string) =>
        notebook.step(step, id, (tries) => {
          if (tries === 1)
            throw Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
          return id;
        });
      return Promise.all([flaky("x"), flaky("y")]);
    }),
  },
  {
    name: "a handler that fails once between its steps",
    functions: one(
      async ({ step, attempt }, { notebook }) => {
        await notebook.step(step, "before");
        if (attempt === 0) throw new Error("not yet");
        return notebook.step(step, "after", () => "done");
      },
      { retries: { attempts: 4, backoff: "fixed" } },
    ),
  },
  {
    name: "a run that fails, with an onFailure",
    functions: one(
      async ({ step }, { notebook }) => {
        await notebook.step(step, "before");
        void step.sleep("loser", "5h");
        await notebook.step(step, "broken", () => {
          throw new NonRetriableError("broken for good");
        });
      },
      { onFailure: async ({ error }: { error: Error }) => error.message },
    ),
  },
  {
    name: "a loop, and steps that nobody awaits",
    functions: one(async ({ step }, { notebook }) => {
      for (let i = 0; i < 3; i++) {
        await step.run("turn", () => notebook.note(`turn ${i}`) > 0);
        if (i === 1) await step.sleep("turn-sleep", "10m");
      }
      void notebook.step(step, "unawaited");
      void notebook.step(step, "unawaited-flaky", failing(1)).catch(() => undefined);
      return "done";
    }),
  },
];

export const effects: readonly Scenario[] = [
  {
    name: "an event sent by a step starts one other run",
    functions: (app) => [
      ...one(async ({ step }, { notebook }) => {
        const { ids } = await step.sendEvent("tell", { name: "laws/told", data: {} });
        await notebook.step(step, "after");
        return ids.length;
      })(app),
      app.client.createFunction({ id: "told" }, { event: "laws/told" }, async ({ step }) =>
        app.notebook.step(step, "told"),
      ),
    ],
  },
  ...["ok", "failing", "too slow"].map(
    (kind): Scenario => ({
      name: `an invoked function that is ${kind}`,
      functions: (app) => {
        const child = app.client.createFunction(
          { id: "child", retries: 1 },
          { event: "laws/never" },
          async ({ step }) => {
            await app.notebook.step(step, "child");
            if (kind === "too slow") await step.sleep("slow", "6h");
            if (kind === "failing") throw new NonRetriableError("the child failed");
            return "from the child";
          },
        );
        const parent = one(async ({ step }, { notebook }) => {
          const options = kind === "too slow" ? ({ timeout: "30m" } as const) : {};
          const result = await step
            .invoke("ask", { function: child, data: {}, ...options })
            .catch((error: Error) => `failed: ${(error as { code?: string }).code ?? error.message}`);
          await notebook.step(step, "after");
          return result;
        });
        return [...parent(app), child];
      },
    }),
  ),
];

const awaiting = one(async ({ step }, { notebook }) => {
  await notebook.step(step, "before");
  const event = await step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "1d" });
  await notebook.step(step, "after");
  return event === null ? null : event.data;
});

export const waits: readonly Scenario[] = (["stepFunctions", "table"] as const).flatMap((via): Scenario[] => [
  { name: `a wait that an event resolves (${via})`, waits: via, functions: awaiting, script: sendLater("laws/paid") },
  {
    name: `a wait that times out (${via})`,
    waits: via,
    functions: awaiting,
    script: async ({ pass }) => pass(30 * HOUR_MS),
  },
  {
    name: `a race of a wait and a sleep, which the wait wins (${via})`,
    waits: via,
    functions: one(async ({ step }, { notebook }) => {
      const wait = step.waitForEvent("paid", {
        event: "laws/paid",
        if: "event.data.id == async.data.id",
        timeout: "2d",
      });
      const winner = await Promise.race([wait.then(() => "paid"), step.sleep("patience", "1d").then(() => "asleep")]);
      await notebook.step(step, "after");
      return winner;
    }),
    script: sendLater("laws/paid"),
  },
  {
    name: `a race of a wait and a step, which the step wins (${via})`,
    waits: via,
    functions: one(async ({ step }, { notebook }) => {
      const wait = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "2d" });
      return Promise.race([wait.then(() => "paid"), notebook.step(step, "quick", () => "quick")]);
    }),
  },
  {
    name: `a race of a wait and a sleep, which the sleep wins (${via})`,
    waits: via,
    functions: one(async ({ step }, { notebook }) => {
      const wait = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "2d" });
      const winner = await Promise.race([wait.then(() => "paid"), step.sleep("patience", "20m").then(() => "asleep")]);
      await notebook.step(step, "after");
      return winner;
    }),
  },
]);

export const scenarios: readonly Scenario[] = [...steps, ...effects, ...waits];
