import type { FlowManifest, GateRef, RegisteredApp } from "../../sdk/protocol/index.ts";
import { limitToday } from "../engine/flow-keys.ts";
import type { HandOver } from "./hand-over.ts";
import type { AppKey } from "./keys.ts";
import type { LineEntry } from "./line-store.ts";
import type { Queue } from "./queue.ts";

/** What an engine's door knows when it hands on: all apps of an environment, as they are registered. */
export interface Registered {
  readonly app: AppKey;
  readonly gate: GateRef;
  readonly by: string;
  readonly apps: readonly RegisteredApp[];
  readonly queue: Queue;
  readonly now: () => number;
}

/** How a door that serves all apps hands on to those in line. */
export const registryHandOver = ({ apps, queue, ...rest }: Registered): HandOver => ({
  ...rest,
  limitOf: (entry) => registeredLimit(apps, entry) ?? (appOf(apps, entry) ? undefined : entry.limit),
  send: async (entry, message) => {
    const app = appOf(apps, entry);
    if (app !== undefined) await queue.sendToRun(app.queueUrl, message);
    // Of another environment, whose queues the router looks up.
    else await queue.sendToRouter({ v: 1, stepwell: true, kind: "timer", at: rest.now(), message });
  },
});

/** A limit as it is registered today. */
export function registeredLimit(
  apps: readonly RegisteredApp[],
  entry: Pick<LineEntry, "env" | "app" | "functionId" | "gate">,
): number | undefined {
  return limitToday(registeredFlow(apps, entry), entry.gate);
}

/** The flow control of a run's function as it is registered today. */
export const registeredFlow = (
  apps: readonly RegisteredApp[],
  { functionId, ...app }: AppKey & { readonly functionId: string },
): FlowManifest | undefined => appOf(apps, app)?.manifest.functions.find(({ id }) => id === functionId)?.flow;

const appOf = (apps: readonly RegisteredApp[], { env, app }: AppKey): RegisteredApp | undefined =>
  apps.find((one) => one.env === env && one.manifest.app === app);
