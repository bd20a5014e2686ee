/** The one clock of a process: real in Lambda and in `dev`, virtual in tests. Composition roots pass it on; nobody else reads time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` at `time` (ms since the epoch), at once if that is past. Returns a function that takes it back. */
  at(time: number, task: () => void): () => void;
  /**
   * The same for an invocation that has nothing to do until `time`. On a virtual clock time stands still while an invocation is
   * busy, and goes on while it pauses.
   */
  pause(time: number, task: () => void): () => void;
}
