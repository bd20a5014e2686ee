import type { Scenario } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

const WAYS = ["stepFunctions", "table"] as const;

const answering = one(async ({ step }, { notebook }) => {
  const event = await step.waitForEvent("answer", {
    event: ["laws/yes", { event: "laws/no", if: "async.data.final && async.data.id == event.data.id" }, "laws/maybe"],
    match: "data.id",
    timeout: "1d",
  });
  await notebook.step(step, "after");
  return event === null ? null : event.name;
});

/** Waits for the first of several events. */
export const severalEvents: readonly Scenario[] = WAYS.flatMap((waits): Scenario[] => [
  {
    name: `a wait for the first of several events, which the second resolves (${waits})`,
    waits,
    functions: answering,
    script: async ({ pass, cloud }) => {
      await pass(5 * MINUTE_MS);
      await cloud.send({ id: "no", name: "laws/no", data: { id: 7, final: true } });
      await pass(5 * MINUTE_MS);
      await cloud.send({ id: "yes", name: "laws/yes", data: { id: 7 } });
      await pass(5 * MINUTE_MS);
    },
  },
  {
    name: `a wait for the first of several events, none of which comes (${waits})`,
    waits,
    functions: answering,
    script: async ({ pass }) => pass(30 * HOUR_MS),
  },
]);

const SIGNAL = "laws/signal";

const signalled = one(async ({ step }, { notebook }) => {
  const signal = await step.waitForSignal("signal", { signal: SIGNAL, timeout: "1d" });
  await notebook.step(step, "after");
  return signal;
});

/** Waits for the same name once for each of these, one after another; and a function of the same app that sends it. */
const passed: Scenario["functions"] = (app) => [
  ...one(async ({ step }, { notebook }) => {
    const first = await step.waitForSignal("first", { signal: SIGNAL, timeout: "1d" });
    await step.sendEvent("ask", { name: "laws/ask", data: {} });
    const second = await step.waitForSignal("second", { signal: SIGNAL, timeout: "1d" });
    await notebook.step(step, "after");
    return [first?.data, second?.data];
  })(app),
  app.client.createFunction({ id: "sender" }, { event: "laws/ask" }, async ({ step }) => {
    await step.sleep("later", "10m");
    await step.sendSignal("answer", { signal: SIGNAL, data: "second" });
    return app.notebook.step(step, "sent");
  }),
];

/** A second run of another function takes the name of the first. */
const replaced: Scenario["functions"] = (app) => [
  ...one(async ({ step }, { notebook }) => {
    const signal = await step.waitForSignal("signal", { signal: SIGNAL, timeout: "1d" });
    await notebook.step(step, "after");
    return signal;
  })(app),
  app.client.createFunction({ id: "usurper" }, { event: "laws/usurp" }, async ({ step }) => {
    const signal = await step.waitForSignal("signal", { signal: SIGNAL, timeout: "1d", onConflict: "replace" });
    await app.notebook.step(step, "usurped", () => signal?.data);
    return signal;
  }),
];

/** Waits for signals. */
export const signals: readonly Scenario[] = WAYS.flatMap((waits): Scenario[] => [
  {
    name: `a wait that a signal resolves (${waits})`,
    waits,
    functions: signalled,
    script: async ({ pass, cloud }) => {
      await pass(5 * MINUTE_MS);
      await cloud.sendSignal({ signal: SIGNAL, data: 1 });
      await pass(5 * MINUTE_MS);
      await cloud.sendSignal({ signal: SIGNAL, data: 2 });
      await pass(5 * MINUTE_MS);
    },
  },
  {
    name: `a wait for a signal that does not come (${waits})`,
    waits,
    functions: signalled,
    script: async ({ pass }) => pass(30 * HOUR_MS),
  },
  {
    name: `two waits for one name, and a step that signals (${waits})`,
    waits,
    functions: passed,
    script: async ({ pass, cloud }) => {
      await pass(5 * MINUTE_MS);
      await cloud.sendSignal({ signal: SIGNAL, data: "first" });
      await pass(30 * MINUTE_MS);
    },
  },
  {
    name: `a wait that another one replaces (${waits})`,
    waits,
    functions: replaced,
    script: async ({ pass, cloud }) => {
      await pass(5 * MINUTE_MS);
      await cloud.send({ id: "usurp", name: "laws/usurp", data: {} });
      await pass(5 * MINUTE_MS);
      await cloud.sendSignal({ signal: SIGNAL, data: "for the usurper" });
      await pass(5 * MINUTE_MS);
    },
  },
]);

/** Waits for events that have come before. */
export const lookbacks: readonly Scenario[] = WAYS.map(
  (waits): Scenario => ({
    name: `a wait that looks back (${waits})`,
    waits,
    functions: one(
      async ({ step }, { notebook }) => {
        await step.sleep("first", "30m");
        const event = await step.waitForEvent("paid", {
          event: "laws/paid",
          if: "async.data.id == event.data.id && async.data.sum > 1",
          timeout: "1d",
          lookback: "1h",
        });
        await notebook.step(step, "after");
        return event?.id ?? null;
      },
      { lookback: { event: "laws/paid", if: "async.data.id == event.data.id" } },
    ),
    script: async ({ pass, cloud }) => {
      for (const [id, sum] of [
        ["small", 1],
        ["first", 2],
        ["second", 3],
      ] as const) {
        await pass(5 * MINUTE_MS);
        await cloud.send({ id, name: "laws/paid", data: { id: 7, sum } });
      }
      await pass(40 * MINUTE_MS);
    },
  }),
);

/** Its winner is written before the losers are closed: else a crash between would have the race decided by a loser. */
export const bufferedRaces: readonly Scenario[] = [
  {
    name: "a decided race whose winner is buffered",
    functions: one(
      async ({ step, group }, { notebook }) => {
        const noted = (id: string) => step.run(id, () => notebook.note(id) > 0 && id);
        const winner = await group.parallel(() =>
          Promise.race([noted("fast"), step.sleep("long", "2h").then(() => "slow")]),
        );
        await noted("after");
        await step.sleep("rest", "5h");
        return winner;
      },
      { checkpointing: { bufferedSteps: 10 } },
    ),
  },
];

export const waitScenarios: readonly Scenario[] = [...severalEvents, ...signals, ...lookbacks, ...bufferedRaces];
