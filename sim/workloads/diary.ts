import { currentInvocation } from "../../local/invocation.ts";
import type { Witness } from "../contract.ts";

/** What a story's functions note beside the witness. One for each time that a story is played. */
export class Diary {
  /** When bodies began, by run, in ms since the epoch, as their processes' clocks told. The dead do not write. */
  readonly begun = new Map<string, number[]>();

  begin(runId: string): void {
    if (currentInvocation()?.dead) return;
    const times = this.begun.get(runId) ?? [];
    times.push(Date.now());
    this.begun.set(runId, times);
  }
}

const diaries = new WeakMap<Witness, Diary>();

/** The diary of the play that this witness watches. */
export function diaryOf(witness: Witness): Diary {
  const diary = diaries.get(witness) ?? new Diary();
  diaries.set(witness, diary);
  return diary;
}
