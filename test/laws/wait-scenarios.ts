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

export const waitScenarios: readonly Scenario[] = [...severalEvents];
