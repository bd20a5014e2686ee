import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { APP, type Scenario, START_EVENT } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

type Handler = Parameters<typeof one>[0];

/** A function whose parallel steps have invocations of their own. */
export const fannedOut = (handler: Handler, options: object = {}): Scenario["functions"] =>
  one(handler, { parallelism: "fanout", ...options });

const later = (delayMs: number) =>
  Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs } });

/** Programs whose parallel steps have invocations of their own. */
export const fanOuts: readonly Scenario[] = [
  {
    name: "two steps apart, and one alone",
    functions: fannedOut(async ({ step }, { notebook }) => {
      await notebook.step(step, "before");
      const both = await Promise.all(["a", "b"].map((id) => notebook.step(step, id, () => id)));
      await notebook.step(step, "after");
      return both;
    }),
  },
  {
    name: "steps apart that lead to others, and one that nobody awaits",
    functions: fannedOut(async ({ step }, { notebook }) => {
      const chain = async (id: string) => {
        await notebook.step(step, id);
        return notebook.step(step, `${id}-next`, () => id);
      };
      void notebook.step(step, "unawaited");
      const both = await Promise.all(["a", "b"].map(chain));
      await step.sleep("replay", "1h");
      return both;
    }),
  },
  {
    name: "steps apart of which one backs off for long, beside a sleep",
    functions: fannedOut(async ({ step }, { notebook }) => {
      const nap = step.sleep("nap", "10m").then(() => notebook.step(step, "after-nap"));
      const flaky = (id: string, delayMs: number) =>
        notebook.step(step, id, (tries) => {
          if (tries === 1) throw later(delayMs);
          return id;
        });
      const all = await Promise.all([flaky("short", MINUTE_MS), flaky("long", HOUR_MS), nap]);
      return all.length;
    }),
  },
  {
    name: "steps apart in a handler that fails once",
    functions: fannedOut(
      async ({ step, attempt }, { notebook }) => {
        await Promise.all(["a", "b"].map((id) => notebook.step(step, id)));
        if (attempt === 0) throw new Error("not yet");
        return notebook.step(step, "after", () => "done");
      },
      { retries: { attempts: 3, backoff: "fixed" } },
    ),
  },
  {
    name: "steps apart after results that are buffered",
    functions: fannedOut(
      async ({ step }, { notebook }) => {
        for (const id of ["one", "two"]) await notebook.step(step, id);
        const both = await Promise.all(["a", "b"].map((id) => notebook.step(step, id, () => id)));
        await notebook.step(step, "after");
        return both;
      },
      { checkpointing: { bufferedSteps: 3, maxInterval: "5s" } },
    ),
  },
];

/** Steps apart whose run ends, or is to end, before they do. */
export const fanOutsCancelled: readonly Scenario[] = [
  {
    name: "steps apart that take long, and a cancellation meanwhile",
    functions: fannedOut(async ({ step }, { notebook, slow }) => {
      await Promise.all(["a", "b"].map((id) => notebook.step(step, id, async () => void (await slow(12_000)))));
      await notebook.step(step, "never");
    }),
    script: cancelAfter(7_000),
  },
  {
    name: "steps apart that back off, and a cancellation meanwhile",
    functions: fannedOut(async ({ step }, { notebook }) => {
      const flaky = (id: string) =>
        notebook.step(step, id, (tries) => {
          if (tries < 3) throw later(HOUR_MS);
          return id;
        });
      await Promise.all(["a", "b"].map(flaky));
    }),
    script: cancelAfter(10 * MINUTE_MS),
  },
];

/** From outside, so that a process that stands still cannot make it come too late. */
function cancelAfter(ms: number): NonNullable<Scenario["script"]> {
  return async (on) => {
    const runId = runIdOf({ app: APP, functionId: "main" }, START_EVENT.id, on.aws.clock.now());
    await on.pass(ms);
    await on.doors.api.cancel({ env: "main", app: APP, runId }, { reason: "law" });
    await on.pass(5 * MINUTE_MS);
  };
}
