import { compileExpression, holds, nameMatches } from "../../sdk/expressions/index.ts";
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

/** Every registered function, with its app. */
export const allFunctions = (apps: readonly RegisteredApp[]): readonly FunctionMatch[] =>
  apps.flatMap((app) => app.manifest.functions.map((fn) => ({ app, fn })));

const isTriggeredBy = (fn: FunctionManifest, name: string): boolean =>
  fn.triggers.some((trigger) => trigger.kind === "event" && nameMatches(trigger.event, name));

const passes = (condition: string | undefined, event: object): boolean =>
  condition === undefined || holds(compileExpression(condition, ["event"], "if"), { event });
