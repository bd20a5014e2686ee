import { type ChildProcess, fork } from "node:child_process";
import type { Finding } from "../audit/index.ts";
import type { Report, Task } from "./task.ts";

/** Real milliseconds that a story may take before its process counts as stuck, to tell a failing one included. */
const STUCK_MS = { play: 120_000, tell: 600_000 };

interface Members {
  /** What they run: it answers each task with a report. */
  readonly worker: URL;
  readonly stuckMs: typeof STUCK_MS;
}

/** Processes that play stories, so many at a time. Each takes the next task when it is done with one; one that dies or hangs is replaced. */
export class Crew {
  readonly #tasks: Iterator<Task>;
  readonly #onReport: (report: Report) => void;
  readonly #members: Members;

  constructor(tasks: Iterable<Task>, onReport: (report: Report) => void, members: Partial<Members> = {}) {
    this.#members = { worker: new URL("./worker.ts", import.meta.url), stuckMs: STUCK_MS, ...members };
    this.#tasks = tasks[Symbol.iterator]();
    this.#onReport = onReport;
  }

  /** Resolves when all tasks are done. */
  async work(jobs: number): Promise<void> {
    await Promise.all(Array.from({ length: jobs }, () => this.#member()));
  }

  async #member(): Promise<void> {
    let worker: ChildProcess | undefined;
    try {
      for (let next = this.#tasks.next(); next.done !== true; next = this.#tasks.next()) {
        worker ??= fork(this.#members.worker, { serialization: "json" });
        const report = await performedBy(worker, next.value, this.#members.stuckMs);
        this.#onReport(report);
        if (!report.hung) continue;
        worker.kill("SIGKILL");
        worker = undefined;
      }
    } finally {
      worker?.disconnect();
    }
  }
}

function performedBy(worker: ChildProcess, task: Task, stuckMs: Members["stuckMs"]): Promise<Report> {
  return new Promise((resolve) => {
    const done = (report: Report) => {
      clearTimeout(timer);
      worker.off("message", done).off("exit", onExit);
      resolve(report);
    };
    const lost = (text: string) => done(lostReport(task, text));
    const onExit = (code: number | null, signal: string | null) => lost(`its process ended by ${signal ?? code}`);
    const ms = task.tell ? stuckMs.tell : stuckMs.play;
    const timer = setTimeout(() => lost(`its process was stuck for ${ms / 1_000} s`), ms);
    worker.on("message", done).on("exit", onExit);
    worker.send(task);
  });
}

/** Nobody can tell how that went. */
function lostReport({ workload, seed }: Task, text: string): Report {
  const findings: readonly Finding[] = [{ law: "L9", text }];
  return { workload, seed, findings, struck: {}, severe: 0, swept: 0, runs: 0, calls: 0, hash: "", hung: true };
}
