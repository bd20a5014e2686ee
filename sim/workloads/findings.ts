import type { Finding, Law } from "../../audit/contract.ts";
import type { RunView } from "../../sdk/protocol/index.ts";
import type { Played, Struck } from "../contract.ts";

export const finding = (law: Law, text: string, runId?: string): Finding => ({
  law,
  text,
  ...(runId !== undefined && { runId }),
});

/** How a run is called in findings. */
export const nameOf = ({ functionId, id }: RunView): string => `run ${id} of ${functionId}`;

/** What strikes messages and clocks, and no process: it explains no second try. */
const HARMLESS: readonly string[] = ["duplicate", "late", "early"];

const isHarmful = ({ kind }: Struck): boolean => !HARMLESS.includes(kind);

/** Early timers excuse nothing, not even that something takes longer. */
export const isEarly = ({ kind }: Struck): boolean => kind === "early";

/** Faults that may have cost a run a try: those of its own processes, and those of which nobody knows whose they were. */
export const triesExcused = ({ struck }: Played, runId: string): number =>
  struck.filter((one) => isHarmful(one) && (one.runId === undefined || one.runId === runId)).length;
