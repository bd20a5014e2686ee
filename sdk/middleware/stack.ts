import { type Around, runThrough } from "./function-run.ts";
import { callHook, checkReturned } from "./hook.ts";
import type { AnyMiddleware, Middlewares } from "./middleware.ts";
import { checkFunction, type ReadyMiddleware } from "./run-hooks.ts";
import { invokeThrough, type Send, sendThrough } from "./send.ts";
import type { MiddlewareInitArgs } from "./types.ts";

/** The middleware of a client, or of a function after its client's: each is initialized once, in order, when it is first needed. */
export class MiddlewareStack {
  readonly #below: MiddlewareStack | undefined;
  readonly #own: Middlewares;
  readonly #args: MiddlewareInitArgs;
  readonly #ready: ReadyMiddleware[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(own: Middlewares, args: MiddlewareInitArgs, below?: MiddlewareStack) {
    this.#below = below;
    this.#own = own;
    this.#args = args;
  }

  /** Runs a handler inside of them. */
  run(around: Omit<Around, "stack">): Promise<unknown> {
    return runThrough({ ...around, stack: this });
  }

  /** Sends events through them. */
  async send(events: Parameters<Send>[0], send: Send): ReturnType<Send> {
    return sendThrough(await this.ready(), events, send);
  }

  /** Takes the data of an invocation from outside of runs through them. */
  async invoke(request: Parameters<typeof invokeThrough>[1]): ReturnType<typeof invokeThrough> {
    return invokeThrough(await this.ready(), request);
  }

  /** All of them, ready. @throws StepwellError when an `init` fails; the next call tries it again. */
  async ready(): Promise<readonly ReadyMiddleware[]> {
    const below = (await this.#below?.ready()) ?? [];
    // One at a time: two that come at once must not both call an `init`.
    const mine = this.#queue.then(() => this.#initialize());
    this.#queue = mine.catch(() => {});
    return [...below, ...(await mine)];
  }

  async #initialize(): Promise<readonly ReadyMiddleware[]> {
    for (const one of this.#own.slice(this.#ready.length)) this.#ready.push(await initialized(one, this.#args));
    return this.#ready;
  }
}

async function initialized({ name, init }: AnyMiddleware, args: MiddlewareInitArgs): Promise<ReadyMiddleware> {
  const at = { middleware: name, hook: "init" };
  const fields = ["onFunctionRun", "onSendEvent"];
  const hooks = checkReturned(at, await callHook(at, () => init(args)), fields);
  for (const field of fields) checkFunction(at, hooks[field], field);
  return { name, hooks };
}
