import type { RunView } from "stepwell";
import type { LocalCloud } from "stepwell/local";

const ENDED = ["completed", "failed", "cancelled", "skipped"];
export const isEnded = ({ status }: RunView): boolean => ENDED.includes(status);

/** Finds the runs that events have started, and the runs that those have started in turn. */
export function createRunBook(cloud: Pick<LocalCloud, "runsOf" | "run">, functionIds: readonly string[]) {
  const runs = new Map<string, RunView>();
  const unreadEvents = new Set<string>();

  const note = (run: RunView) => {
    runs.set(run.id, run);
    if (isEnded(run)) for (const eventId of eventsSentBy(run)) unreadEvents.add(eventId);
  };
  /** What a run has sent: by `step.sendEvent` and `step.invoke`, and, where there is an `onFailure`, the event of its failure. */
  const eventsSentBy = ({ id, functionId, status, steps }: RunView): readonly string[] => [
    ...steps.flatMap(({ kind, output }) => (kind === "sendEvent" && output ? (output as { ids: string[] }).ids : [])),
    ...steps.flatMap(({ eventId }) => eventId ?? []),
    ...(status === "failed" && functionIds.includes(`${functionId}-failure`) ? [`${id}-failed`] : []),
  ];
  const readRuns = async () => {
    for (const { id } of [...runs.values()].filter((run) => !isEnded(run))) {
      const run = await cloud.run(id);
      if (run !== undefined) note(run);
    }
  };
  const readEvents = async () => {
    for (const eventId of unreadEvents) {
      const started = await cloud.runsOf(eventId);
      // A run tells of its failure once it has failed: that event may still be on its way.
      if (started.length > 0 || !eventId.endsWith("-failed")) unreadEvents.delete(eventId);
      for (const run of started) if (!runs.has(run.id)) note(run);
    }
  };

  return {
    runs: (): readonly RunView[] => [...runs.values()],
    follow: (eventIds: readonly string[]) => {
      for (const eventId of eventIds) unreadEvents.add(eventId);
    },
    /** Looks again at the runs that have not ended, and for new ones. */
    read: async () => {
      await readRuns();
      await readEvents();
    },
    /** Whether all known runs have ended, and no function is without one. */
    isComplete: (): boolean => {
      const all = [...runs.values()];
      const hasRun = (id: string) => all.some(({ functionId }) => functionId === id);
      return unreadEvents.size === 0 && all.every(isEnded) && functionIds.every(hasRun);
    },
  };
}

export type RunBook = ReturnType<typeof createRunBook>;
