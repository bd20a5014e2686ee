/** The one clock of a process: real in Lambda and in `dev`, virtual in tests. Composition roots pass it on; nobody else reads time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` at `time` (ms since the epoch), at once if that is past. Returns a function that takes it back. */
  at(time: number, task: () => void): () => void;
}
