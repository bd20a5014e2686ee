import type { FunctionManifest, RegisteredApp, Throttle } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import type { StoredApp } from "../aws/registry-store.ts";
import { hashOf } from "./hash.ts";

/**
 * When the router plans again what waits, in seconds: right after the registry is written, and once no router can go on with the functions of
 * before any more. They know them for 10 seconds, and take a minute for what they have begun.
 */
const WALKS_AFTER_SECONDS = [1, 90] as const;

/**
 * Has the runs that wait for a throttled start planned again, where the throttle is another now. Asked for before the registry is written,
 * so that no crash comes between: a walk that finds nothing changed does nothing.
 */
export async function askToRepace({ queue }: World, app: RegisteredApp, before: StoredApp | undefined): Promise<void> {
  const { env, manifest } = app;
  const throttles = new Map(before?.app.manifest.functions.map(({ id, flow }) => [id, flow?.throttle]));
  const changed = manifest.functions.filter((fn) => isChanged(fn, throttles.get(fn.id)));
  for (const { id: functionId } of changed)
    for (const seconds of WALKS_AFTER_SECONDS) {
      const by = hashOf([app.hash, before?.revision ?? 0, seconds]);
      const about = { env, app: manifest.app, functionId, by };
      await queue.sendToRouter({ v: 1, stepwell: true, kind: "repace", ...about }, seconds);
    }
}

const isChanged = ({ flow }: FunctionManifest, before: Throttle | undefined): boolean =>
  hashOf(flow?.throttle ?? null) !== hashOf(before ?? null);
