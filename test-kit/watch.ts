/**
 * Looks on from between a function and the engine: every start of its handler, every operation that its code asks for, and every
 * result that it is handed go by here. Nothing of the engine knows of it.
 */

import { currentInvocation } from "../local/invocation.ts";
import type {
  BodyContext,
  DurableFunction,
  Ledger,
  OpRequest,
  PreparedEvent,
  RunInput,
} from "../sdk/execution/index.ts";
import { repeatNames } from "../sdk/execution/index.ts";

export interface WatchedRun {
  readonly functionId: string;
  readonly runId: string;
}

/** An operation that the code of a run has asked for. */
export interface WatchedOp extends WatchedRun {
  /** With its repeat number. */
  readonly id: string;
  readonly request: OpRequest;
}

/** `die`: the process ends here, as by SIGKILL. */
export type Fate = "live" | "die";

export interface Watcher {
  started(run: WatchedRun): void;
  asked(op: WatchedOp): Fate;
  bodyBegun(op: WatchedOp): void;
  /** The body has returned, and its result is not stored yet. */
  bodyEnded(op: WatchedOp): Fate;
  /** The result, or the error, is about to be handed to the code. */
  handed(op: WatchedOp): Fate;
  /** Events that the code has sent by its client. */
  sent(events: readonly PreparedEvent[]): void;
  /** The handler has returned or thrown. */
  ended(run: WatchedRun): void;
}

/** The function, looked upon. */
export function watched(fn: DurableFunction, watcher: Watcher): DurableFunction {
  const start: DurableFunction["start"] = (input, ledger) => startWatched(fn, watcher, input, ledger);
  return new Proxy(fn, {
    get: (target, key) => {
      if (key === "start") return start;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function startWatched(fn: DurableFunction, watcher: Watcher, input: RunInput, ledger: Ledger): Promise<unknown> {
  const run = { functionId: fn.id, runId: input.runId };
  const named = repeatNames();
  const ask: Ledger["ask"] = (request) => {
    const op = { ...run, id: named(request.id), request };
    if (watcher.asked(op) === "die") return die();
    const result = ledger.ask(withWatchedBody(op, watcher)).then(
      (value) => (watcher.handed(op) === "die" ? die() : value),
      (error: unknown) => (watcher.handed(op) === "die" ? die() : Promise.reject(error)),
    );
    // A step that nobody awaits may fail; that is no unhandled rejection of the process.
    result.catch(() => {});
    return result;
  };
  const sender: RunInput["sender"] = {
    ...input.sender,
    send: async (app, events) => {
      await input.sender.send(app, events);
      watcher.sent(events);
    },
  };
  watcher.started(run);
  try {
    return await fn.start({ ...input, sender }, { ...ledger, ask });
  } finally {
    watcher.ended(run);
  }
}

function withWatchedBody(op: WatchedOp, watcher: Watcher): OpRequest {
  const { request } = op;
  if (!("body" in request)) return request;
  const body = async (context: BodyContext) => {
    // The process is dead: of what it had still before it nothing is begun.
    if (currentInvocation()?.dead === true) return new Promise(() => {});
    watcher.bodyBegun(op);
    const value = await request.body(context);
    return watcher.bodyEnded(op) === "die" ? die() : value;
  };
  return { ...request, body };
}

/** Ends the process that calls it, as SIGKILL does: it goes no further. */
export function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}
