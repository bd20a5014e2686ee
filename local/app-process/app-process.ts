import { type ChildProcess, fork } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { LogSink } from "../../sdk/execution/index.ts";
import { EXITED, type FunctionError, FunctionFailure } from "../services/lambda-error.ts";
import { type Output, readOutput } from "./output.ts";
import type { FromApp, ToApp } from "./protocol.ts";

/** As sources run, or as built. */
const CHILD = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "child.ts" : "child.js", import.meta.url));
/** An entry that has not been loaded after this time never will be. In ms. */
const LOAD_MS_MAX = 30_000;
const PING_EVERY_MS = 1_000;
/** A process that owes this many answers stands still, or its event loop does. */
const UNANSWERED_MAX = 3;
/** Between asking a process to end and ending it. In ms. */
const GRACE_MS = 1_000;
/** For what a process has written before its end. In ms. */
const READ_MS_MAX = 200;

/** An invocation in the hands of a process. */
interface Pending extends PromiseWithResolvers<unknown> {
  /** Whether the process has begun with it. */
  begun: boolean;
}

export interface AppProcessOptions {
  /** File of the bundled entry. */
  readonly bundle: string;
  readonly env: NodeJS.ProcessEnv;
  /** Takes what the process writes. */
  readonly log: LogSink;
}

/** An invocation, as Lambda hands it to a process. */
export type Invocation = Omit<ToApp & { kind: "invoke" }, "kind">;

export interface Exit {
  /** Half a sentence: `it ended with SIGKILL`. */
  readonly how: string;
  /** The end of its complaints. */
  readonly lastWords: string;
}

/** One process of the app. Takes invocations, many at a time, until it is condemned; then it ends what it has, and itself. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #output: Output;
  readonly #pending = new Map<string, Pending>();
  readonly #load = Promise.withResolvers<void>();
  readonly #exit = Promise.withResolvers<Exit>();
  readonly #freeze = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout;
  #unanswered = 0;
  #condemned = false;
  #gone = false;

  constructor({ bundle, env, log }: AppProcessOptions) {
    // Options of this process (a debugger's port, a loader) are not the app's.
    const execArgv = ["--enable-source-maps"];
    this.#child = fork(CHILD, [bundle], { env, execArgv, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#output = readOutput(this.#child.stdout as Readable, this.#child.stderr as Readable, log);
    this.#timer = setTimeout(() => this.#refuse(TOO_SLOW), LOAD_MS_MAX).unref();
    this.#child.on("message", (message: FromApp) => this.#hear(message));
    this.#child.on("error", (error) => this.#onExit(`it could not be started: ${error.message}`));
    this.#child.on("exit", (code, signal) => this.#readTheRest(`it ended with ${signal ?? `exit code ${code}`}`));
    this.#load.promise.catch(() => {});
  }

  /** Resolves when the entry is loaded. Rejects with a `FunctionFailure` when it cannot be, or the process ends before. */
  get loaded(): Promise<void> {
    return this.#load.promise;
  }

  /** Resolves when it does not answer any more: it is stopped, or code of the app holds on to its event loop. */
  get frozen(): Promise<void> {
    return this.#freeze.promise;
  }

  /** Resolves when it is gone. */
  get exited(): Promise<Exit> {
    return this.#exit.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects with a `FunctionFailure`: what the app threw, or that its process has ended. */
  invoke(invocation: Invocation): Promise<unknown> {
    const pending = { ...Promise.withResolvers<unknown>(), begun: false };
    this.#pending.set(invocation.id, pending);
    if (this.#gone) this.#failPending(() => true);
    else this.#tell({ kind: "invoke", ...invocation });
    return pending.promise;
  }

  /** Its answer does not matter any more. */
  abandon(id: string): void {
    this.#pending.delete(id);
    this.#endIfIdle();
  }

  /** It gets nothing more to do, and ends once it has done what it has. What it has not begun goes back. */
  condemn(): void {
    this.#condemned = true;
    if (this.#unanswered >= UNANSWERED_MAX) this.#failPending(({ begun }) => !begun);
    this.#endIfIdle();
  }

  /** Resolves when nothing is under way in it. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#pending.values()].map(({ promise }) => promise));
  }

  /** Asks it to end, and ends it if it does not. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#condemned = true;
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await this.exited;
    clearTimeout(kill);
  }

  #tell(message: ToApp): void {
    // A channel that is closed is followed by the exit, which says all there is to say.
    this.#child.send(message, () => {});
  }

  #hear(message: FromApp): void {
    this.#unanswered = 0;
    if (message.kind === "loaded") this.#onLoaded();
    else if (message.kind === "refused") this.#refuse(message.error);
    else if (message.kind === "begun") this.#begin(message.id);
    else if (message.kind !== "pong") this.#settle(message);
    // At a breakpoint it stands still for good reason.
    else if (message.debugged) clearInterval(this.#timer);
  }

  #onLoaded(): void {
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => this.#ping(), PING_EVERY_MS).unref();
    this.#load.resolve();
  }

  #refuse(error: FunctionError): void {
    this.#load.reject(new FunctionFailure(error));
    this.#child.kill("SIGKILL");
  }

  /** Counts answers, not time: after a laptop's sleep, and while this process is busy, none is missing. */
  #ping(): void {
    if (this.#unanswered >= UNANSWERED_MAX) this.#freeze.resolve();
    this.#unanswered += 1;
    this.#tell({ kind: "ping" });
  }

  #begin(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.begun = true;
  }

  /** An answer that comes after its invocation was given up changes nothing. */
  #settle(message: FromApp & { kind: "value" | "error" }): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === "value") pending?.resolve(message.value);
    else pending?.reject(new FunctionFailure(message.error));
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#condemned && this.#pending.size === 0) void this.end();
  }

  /** What it has written until its end is still in the pipes, which others that it has started may hold open. */
  #readTheRest(how: string): void {
    const ended = () => this.#onExit(how);
    const patience = setTimeout(ended, READ_MS_MAX);
    this.#child.once("close", () => {
      clearTimeout(patience);
      ended();
    });
  }

  #onExit(how: string): void {
    clearTimeout(this.#timer);
    this.#gone = true;
    const lastWords = this.#output.lastWords();
    // What the app has started may hold the pipes open for as long as it lives, and they would keep this process alive.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    const errorMessage = `The app's process was not loaded: ${how}.${lastWords === "" ? "" : `\n${lastWords}`}`;
    this.#load.reject(new FunctionFailure({ ...EXITED, errorMessage }));
    this.#failPending(() => true);
    this.#exit.resolve({ how, lastWords });
  }

  #failPending(which: (pending: Pending) => boolean): void {
    for (const [id, pending] of this.#pending) {
      if (!which(pending)) continue;
      this.#pending.delete(id);
      pending.reject(new FunctionFailure(EXITED));
    }
  }
}

const TOO_SLOW: FunctionError = {
  errorType: "Runtime.InitTimeout",
  errorMessage: `It was not loaded after ${LOAD_MS_MAX / 1_000} s.`,
  trace: [],
};
