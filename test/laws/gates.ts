/** Runs that stand under concurrency limits. */
import { Backoff } from "stepwell";
import type { App, Scenario, Stage } from "./harness.ts";
import { START_EVENT } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

/** Starts more runs than there are slots, and lets time pass until all have had one. */
const crowd =
  (more: readonly string[], passMs = 10 * MINUTE_MS) =>
  async ({ cloud, pass }: Stage) => {
    await cloud.send(more.map((id) => ({ ...START_EVENT, id })));
    await pass(passMs);
  };

/** Works for a while on its slot. */
const workingFor =
  (ms: number): Parameters<typeof one>[0] =>
  async ({ step, event }, { notebook, slow }) =>
    notebook.step(step, `work-${event.id}`, () => slow(ms));
const working = workingFor(1_000);

export const gates: readonly Scenario[] = [
  {
    name: "three runs under a limit of one",
    functions: one(working, { concurrency: 1 }),
    script: crowd(["second", "third"]),
  },
  {
    name: "four runs under a limit of two, which leave two by two at the same time",
    functions: one(working, { concurrency: 2 }),
    script: crowd(["second", "third", "fourth"]),
  },
  {
    name: "runs that rest and wake under a limit of one",
    functions: one(
      async ({ step, event }, { notebook, slow }) => {
        await notebook.step(step, `before-${event.id}`, () => slow(2_000));
        await step.sleep("rest", "10s");
        await notebook.step(step, `after-${event.id}`, () => slow(20_000));
      },
      { concurrency: { limit: 1, key: "event.data.id" } },
    ),
    script: crowd(["second"]),
  },
  {
    name: "two functions that share limits of wider scopes, a run of each at a time",
    functions: (app) => [
      ...one(workingFor(15_000), {
        concurrency: [{ limit: 1 }, { limit: 1, scope: "env", key: "'shared'" }],
      })(app),
      app.client.createFunction(
        {
          id: "other",
          concurrency: [
            { limit: 1, scope: "account", key: "'vendor'" },
            { limit: 1, scope: "env", key: "'shared'" },
          ],
        },
        { event: START_EVENT.name },
        async ({ step, event }) => {
          await app.notebook.step(step, `other-${event.id}`, () => app.slow(1_000));
          await step.sleep("rest", "10s");
          await app.notebook.step(step, `again-${event.id}`, () => app.slow(1_000));
        },
      ),
    ],
    script: ({ pass }) => pass(10 * MINUTE_MS),
  },
  {
    name: "a run that is cancelled in line",
    functions: one(working, { concurrency: 1 }),
    script: async (stage) => {
      await crowd(["second", "third"], 0)(stage);
      const second = stage.runIds[1] ?? stage.runIds[0] ?? "";
      const cancel = { kind: "cancel", env: "main", app: "laws", runId: second, cause: { by: "request" } } as const;
      await stage.doors.world.queue.sendToRouter({ v: 1, stepwell: true, ...cancel });
      await stage.pass(10 * MINUTE_MS);
    },
  },
  {
    name: "a step that holds back the runs of its key",
    functions: one(
      async ({ step, event }, { notebook }) =>
        notebook.step(step, `call-${event.id}`, (tries) => {
          if (event.id === "start" && tries === 1) throw new Backoff("7", "2m");
          return "called";
        }),
      { concurrency: { limit: 2, key: "event.data.id" }, retries: 6 },
    ),
    script: crowd(["second"]),
  },
];

/** A limit that a deploy raises while the one holder works on. */
export const raised: Scenario = {
  name: "a limit that is raised while nobody leaves",
  functions: (app: App) => [
    app.client.createFunction({ id: "main", concurrency: 1 }, { event: START_EVENT.name }, async ({ step, event }) =>
      app.notebook.step(step, `work-${event.id}`, () => app.slow(4 * MINUTE_MS)),
    ),
  ],
  timeoutMs: HOUR_MS,
};
