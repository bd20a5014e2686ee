import type { LogSink } from "../../sdk/execution/index.ts";
import { Gate } from "../gate.ts";
import type { LambdaContext } from "../services/lambda-context.ts";
import { describeFailure } from "../services/lambda-error.ts";
import { AppProcess, type Exit } from "./app-process.ts";

/** A process that has lived so long after it was loaded does not die of its start. In ms. */
const STABLE_MS = 5_000;
/** Between starts that fail: it doubles up to the most. In ms. */
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

/** A version of the app's code. */
export interface AppVersion {
  /** File of the bundled entry. */
  readonly bundle: string;
  /** What runs record as their `codeVersion`. */
  readonly codeVersion: string;
}

export interface AppHostOptions {
  /** The environment of a version's processes. */
  readonly env: (codeVersion: string) => NodeJS.ProcessEnv;
  readonly log: LogSink;
}

/**
 * Keeps one process of the app in service. Unlike a Lambda's sandbox it takes many invocations at a time. Another takes its place when
 * it dies, when it does not answer, when an invocation has passed its deadline (Lambda would have ended its sandbox), and when the
 * code has changed; what it still does then, it may end.
 */
export class AppHost {
  /** Open while there is a process to take messages. */
  readonly gate = new Gate();
  readonly #options: AppHostOptions;
  readonly #living = new Set<AppProcess>();
  #version: AppVersion | undefined;
  #current: AppProcess | undefined;
  #loadedAt = 0;
  #starts = 0;
  #failures = 0;
  #isRestarting = false;
  #isReplacing = false;
  #closed = false;

  constructor(options: AppHostOptions) {
    this.#options = options;
  }

  /** In service. */
  get codeVersion(): string | undefined {
    return this.#version?.codeVersion;
  }

  /** Of the process in service. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  /** How many processes have been loaded so far. */
  get starts(): number {
    return this.#starts;
  }

  /**
   * Puts a version into service, if it can be loaded and `admit` resolves for its process; else the one before stays. Messages wait
   * meanwhile, so that none of a new function's meets the old code.
   */
  async replace(version: AppVersion, admit: (candidate: AppProcess) => Promise<void>): Promise<void> {
    const candidate = await this.#load(version);
    this.#isReplacing = true;
    this.gate.close();
    try {
      await admit(candidate);
      this.#version = version;
      this.#current?.condemn();
      this.#take(candidate);
    } catch (error) {
      void candidate.end();
      throw error;
    } finally {
      this.#isReplacing = false;
      this.#openGate();
    }
  }

  /** One invocation. Waits for a process if there is none. Rejects with a `FunctionFailure`. */
  async invoke(event: unknown, context: LambdaContext): Promise<unknown> {
    const { awsRequestId: id, functionName } = context;
    const process = this.#current ?? (await this.#nextProcess());
    const left = context.getRemainingTimeInMillis();
    const alarm = setTimeout(() => this.#overdue(process, id), left).unref();
    try {
      return await process.invoke({ id, functionName, event, deadline: Date.now() + left });
    } finally {
      clearTimeout(alarm);
    }
  }

  /** Takes no more messages, gives what is under way `patienceMs` to end, and ends the processes. */
  async close(patienceMs: number): Promise<void> {
    this.#closed = true;
    this.gate.close();
    const idle = Promise.all([...this.#living].map((process) => process.idle()));
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, patienceMs);
    await Promise.race([idle, patience.promise]);
    clearTimeout(timer);
    await Promise.all([...this.#living].map((process) => process.end()));
  }

  async #load({ bundle, codeVersion }: AppVersion): Promise<AppProcess> {
    const { env, log } = this.#options;
    const startedAt = performance.now();
    const process = new AppProcess({ bundle, env: env(codeVersion), log });
    this.#living.add(process);
    process.exited.then(() => this.#living.delete(process));
    await process.loaded;
    this.#starts += 1;
    log.info("app process ready", { pid: process.pid, codeVersion, ms: Math.round(performance.now() - startedAt) });
    return process;
  }

  #take(process: AppProcess): void {
    this.#current = process;
    this.#loadedAt = performance.now();
    process.exited.then((exit) => this.#onExit(process, exit));
    process.frozen.then(() => this.#retire(process, "the app's process does not answer; another takes its place"));
    this.#openGate();
  }

  #openGate(): void {
    if (this.#current !== undefined && !this.#isReplacing && !this.#closed) this.gate.open();
  }

  #onExit(process: AppProcess, { how, lastWords }: Exit): void {
    const more = lastWords === "" ? {} : { lastWords };
    this.#lose(process, `the app's process is gone and is started anew: ${how}`, more);
  }

  #overdue(process: AppProcess, id: string): void {
    this.#retire(process, "an invocation has passed its deadline; another process takes over from the one it was in");
    process.abandon(id);
  }

  #retire(process: AppProcess, why: string): void {
    this.#lose(process, why);
    process.condemn();
  }

  /** The process in service cannot serve any more. The next one is started later if this one has not lived long. */
  #lose(process: AppProcess, why: string, more: object = {}): void {
    if (process !== this.#current || this.#closed) return;
    this.#current = undefined;
    this.gate.close();
    const isStable = performance.now() - this.#loadedAt >= STABLE_MS;
    this.#failures = isStable ? 0 : this.#failures + 1;
    this.#options.log.warn(why, { pid: process.pid, ...more });
    void this.#restart();
  }

  async #restart(): Promise<void> {
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    let told = "";
    for (;;) {
      await realTime(this.#backoff());
      const version = this.#version;
      if (version === undefined || this.#current !== undefined || this.#closed) break;
      try {
        const process = await this.#load(version);
        if (this.#current === undefined && version === this.#version && !this.#closed) this.#take(process);
        else void process.end();
      } catch (error) {
        this.#failures += 1;
        const problem = describeFailure(error);
        if (problem !== told && !this.#closed)
          this.#options.log.error("the app's process cannot be started, and is tried again", { problem });
        told = problem;
      }
    }
    this.#isRestarting = false;
  }

  #backoff(): number {
    return this.#failures === 0 ? 0 : Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (this.#failures - 1));
  }

  #nextProcess(): Promise<AppProcess> {
    return new Promise((resolve) => {
      const stop = this.gate.onOpen(() => {
        stop();
        resolve(this.#current as AppProcess);
      });
    });
  }
}

const realTime = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
