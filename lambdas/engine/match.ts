import { compileExpression, holds, nameMatches, nextCron, parseCron } from "../../sdk/expressions/index.ts";
import { EVENT_FINISHED, type FunctionManifest, type RegisteredApp } from "../../sdk/protocol/index.ts";

export interface FunctionMatch {
  readonly app: RegisteredApp;
  readonly fn: FunctionManifest;
}

/** The functions that an event starts, each once however many of its triggers match. */
export function matchTriggers(
  apps: readonly RegisteredApp[],
  event: { readonly name: string },
): readonly FunctionMatch[] {
  return allFunctions(apps).filter(({ fn }) =>
    fn.triggers.some(
      (trigger) => trigger.kind === "event" && nameMatches(trigger.event, event.name) && passes(trigger.if, event),
    ),
  );
}

/** Whether some function may be started by the event's name alone: only then is its data worth loading. */
export const mayTrigger = (apps: readonly RegisteredApp[], name: string): boolean =>
  allFunctions(apps).some(({ fn }) => isTriggeredBy(fn, name));

export function findFunction(
  apps: readonly RegisteredApp[],
  app: string,
  functionId: string,
): FunctionMatch | undefined {
  return allFunctions(apps).find(({ app: { manifest }, fn }) => manifest.app === app && fn.id === functionId);
}

/** Which lifecycle events a run has to emit beside `failed` and `cancelled`: those that start a function. */
export const emitsOf = (apps: readonly RegisteredApp[]): readonly "finished"[] =>
  mayTrigger(apps, EVENT_FINISHED) ? ["finished"] : [];

/** Whether an app has a function of that id. */
export const serves = ({ manifest }: RegisteredApp, functionId: string): boolean =>
  manifest.functions.some(({ id }) => id === functionId);

/**
 * The cron trigger that a firing at `at` is of: the one with its text, or, if a deploy has just changed that, one that fires at this time
 * too. Its own schedule may have been made too late for it.
 */
export function cronOf({ triggers }: FunctionManifest, cron: string, at: number): string | undefined {
  const crons = triggers.flatMap((trigger) => (trigger.kind === "cron" ? [trigger.cron] : []));
  return crons.find((text) => text === cron) ?? crons.find((text) => firesAt(text, at));
}

function firesAt(text: string, at: number): boolean {
  const { cron, timeZone } = parseCron(text, "a trigger");
  return nextCron(cron, timeZone, at - 1) === at;
}

/** Every registered function, with its app. */
export const allFunctions = (apps: readonly RegisteredApp[]): readonly FunctionMatch[] =>
  apps.flatMap((app) => app.manifest.functions.map((fn) => ({ app, fn })));

const isTriggeredBy = (fn: FunctionManifest, name: string): boolean =>
  fn.triggers.some((trigger) => trigger.kind === "event" && nameMatches(trigger.event, name));

const passes = (condition: string | undefined, event: object): boolean =>
  condition === undefined || holds(compileExpression(condition, ["event"], "if"), { event });
