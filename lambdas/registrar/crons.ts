import type { CronMessage, RegisteredApp } from "../../sdk/protocol/index.ts";
import type { CronSchedule, Crons } from "../aws/crons.ts";
import { hashOf } from "./hash.ts";

/** Whose schedules. */
export interface Owner {
  readonly env: string;
  readonly app: string;
}

export const ownerOf = ({ env, manifest }: RegisteredApp): Owner => ({ env, app: manifest.app });

/** Names of an app's schedules begin alike, so that they can be listed; 18 characters of the 64. */
const prefixOf = ({ env, app }: Owner): string => `cron-${hashOf([env, app]).slice(0, 12)}-`;

/** The schedules of an app's cron triggers. Their names derive from what they are, so that a changed cron is another schedule. */
export function cronSchedules(app: RegisteredApp): readonly CronSchedule[] {
  const owner = ownerOf(app);
  const schedules = app.manifest.functions.flatMap(({ id, triggers }) =>
    triggers.flatMap((trigger) => {
      if (trigger.kind !== "cron") return [];
      const input = cronMessage(owner, id, trigger.cron);
      return trigger.schedules.map((expression) => ({ expression, timeZone: trigger.timeZone, input }));
    }),
  );
  return schedules.map((schedule) => ({ name: `${prefixOf(owner)}${hashOf(schedule)}`, ...schedule }));
}

/** Makes what is missing, and enables what somebody has disabled. What is there stays untouched: it may be about to fire. */
export async function putCrons(crons: Crons, owner: Owner, wanted: readonly CronSchedule[]): Promise<void> {
  const present = await crons.list(prefixOf(owner));
  // The SDK sends no more at the same time than it has sockets.
  await Promise.all(wanted.filter(({ name }) => present.get(name) !== true).map((schedule) => crons.put(schedule)));
}

/**
 * Drops an app's schedules but the wanted ones: those of the manifest of before, for a listing may lag behind, and those that are
 * listed, for an earlier registration may have been cut short.
 */
export async function dropCrons(
  crons: Crons,
  owner: Owner,
  wanted: readonly CronSchedule[],
  before?: RegisteredApp,
): Promise<void> {
  const known = before === undefined ? [] : cronSchedules(before).map(({ name }) => name);
  const gone = new Set([...known, ...(await crons.list(prefixOf(owner))).keys()]);
  for (const { name } of wanted) gone.delete(name);
  await Promise.all([...gone].map((name) => crons.drop(name)));
}

/** Scheduler fills it in. */
const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";

const cronMessage = ({ env, app }: Owner, functionId: string, cron: string) =>
  ({
    v: 1,
    stepwell: true,
    kind: "cron",
    env,
    app,
    functionId,
    cron,
    at: SCHEDULED_TIME,
  }) satisfies CronMessage & { readonly v: 1; readonly stepwell: true };
