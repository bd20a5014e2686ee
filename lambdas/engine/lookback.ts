import type { Lookback, RegisteredApp } from "../../sdk/protocol/index.ts";
import type { ListenerPath } from "./types.ts";

/** The match paths by which arrivals of an event are noted: of waits that there have been, and of functions that say they look back. */
export function pathsOfEvent(
  event: string,
  apps: readonly RegisteredApp[],
  known: readonly ListenerPath[],
): readonly ListenerPath[] {
  const declared = apps.flatMap(({ manifest: { app, functions } }) =>
    functions
      .flatMap(({ lookback = [] }) => lookback)
      .filter((entry) => entry.event === event)
      .map(({ paths }): ListenerPath => ({ app, paths })),
  );
  return [...new Map([...known, ...declared].map((path) => [`${path.app}\n${path.paths.join("\n")}`, path])).values()];
}

/** Whether a function says that it looks back for such an event. */
export const isDeclared = (
  lookback: readonly Lookback[],
  event: string,
  { paths }: Pick<ListenerPath, "paths">,
): boolean => lookback.some((entry) => entry.event === event && entry.paths.join("\n") === paths.join("\n"));
