/** At rest everything is over. */
import type { Finding } from "../contract.ts";
import { type Facts, isActive, nameOf } from "../facts.ts";

export const rest = (facts: Facts): readonly Finding[] => {
  const { snapshot, runs, places, options } = facts;
  if (!options.atRest) return [];
  const timers = (snapshot.schedules ?? []).filter((name) => !name.startsWith("cron-"));
  return [
    ...runs
      .filter(isActive)
      .map((run): Finding => ({ law: "L3", text: `${nameOf(run)} has not ended`, runId: run.runId })),
    ...(snapshot.messages ?? []).map(
      ({ queue, state, body }): Finding => ({ law: "L3", text: `a message is left in ${queue} (${state}): ${body}` }),
    ),
    ...timers.map((name): Finding => ({ law: "L6", text: `the schedule ${name} is left` })),
    ...(snapshot.executions ?? []).map((name): Finding => ({ law: "L6", text: `the execution ${name} still runs` })),
    ...places.map(({ sk, pk, runId }): Finding => ({ law: "L5", text: `${sk} is left in line in ${pk}`, runId })),
    ...facts.listeners.map(
      ({ pk, sk, runId }): Finding => ({ law: "L7", text: `the listener ${sk} is left in ${pk}`, runId }),
    ),
  ];
};
