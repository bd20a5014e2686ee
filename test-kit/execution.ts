/** One run of the function under test, on a cloud of its own: from its event to its end. */

import type { Client } from "../local/app.ts";
import { virtualClock } from "../local/clock.ts";
import { isOnItsWay, queuesOf } from "../local/cloud.ts";
import { inProcessApp } from "../local/in-process-app.ts";
import { currentInvocation } from "../local/invocation.ts";
import { type OpenCloud, openCloud } from "../local/open-cloud.ts";
import { letTimePass, type RunWaiterDeps } from "../local/run-waiter.ts";
import { type Ledger, type LogSink, ledgerAround, withLedger } from "../sdk/execution/index.ts";
import {
  type AnyEvents,
  type AnyFunction,
  type OutgoingEvents,
  type OutgoingSignal,
  type RunView,
  type SendSignalResult,
  Stepwell,
} from "../sdk/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import { stepFetch } from "../sdk/steps/index.ts";
import type { TestContext } from "./context.ts";
import { withMockedFetches } from "./fetches.ts";
import { type CrashPoint, Journal, type OpenOp } from "./journal.ts";
import type { Checked } from "./options.ts";
import { spyOn } from "./spy.ts";
import { type States, spiedTools, type ToolsOptions } from "./step-tools.ts";
import { notTriggered, startOf } from "./trigger.ts";
import { handlerFor, isWait, unanswered, unansweredBy, type WaitHandler } from "./waits.ts";
import { die, watched } from "./watch.ts";

/** What is different about an execution that is not simply to run to its end. */
export interface Play {
  /** It is over when this step has its result, or waits for something. */
  readonly stopAt?: string;
  readonly crashAt?: CrashPoint;
  readonly seed?: number;
}

/** Of the app's Lambda: its default. */
const TIMEOUT_MS = 300_000;

const silence: LogSink = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What the handler's last start has been given, and got. */
interface LastStart {
  ctx: TestContext | undefined;
  states: States;
  /** Of the handler. */
  returned: unknown;
}

export class Execution {
  readonly journal: Journal;
  readonly last: LastStart;
  readonly #options: Checked;
  readonly #handlers: ReadonlyMap<string, WaitHandler>;
  readonly #play: Play;
  readonly #client: Client<AnyEvents>;
  readonly #open: OpenCloud;
  readonly #called = new Set<string>();
  /** In ms since the epoch. */
  readonly #startedAt: number;

  private constructor(
    options: Checked,
    handlers: ReadonlyMap<string, WaitHandler>,
    play: Play,
    { client, open, journal, last }: { client: Client<AnyEvents>; open: OpenCloud; journal: Journal; last: LastStart },
  ) {
    this.#options = options;
    this.#handlers = handlers;
    this.#play = play;
    this.#client = client;
    this.#open = open;
    this.journal = journal;
    this.last = last;
    this.#startedAt = open.aws.clock.now();
  }

  /** Opens its cloud; `close` it. */
  static async open(options: Checked, handlers: ReadonlyMap<string, WaitHandler>, play: Play = {}): Promise<Execution> {
    refuseFakeTimers();
    const { function: fn, functions } = options;
    const client = (options.client as Client<AnyEvents> | undefined) ?? new Stepwell({ id: fn.app });
    const clock = virtualClock(options.startAt);
    const last: LastStart = { ctx: undefined, states: {}, returned: undefined };
    const { stopAt, crashAt } = play;
    const stop = stopAt !== undefined && {
      at: stopAt,
      now: () => {
        journal.stopped = true;
        return die();
      },
    };
    const mine = underTest(options, last, stop || undefined);
    const durables = [mine, ...functions].flatMap((one) => one.durables());
    const served = new Set(durables.map(({ app, id }) => `${app}/${id}`));
    const journal: Journal = new Journal({
      served,
      functionId: fn.id,
      now: clock.now,
      ...(crashAt !== undefined && { crashAt }),
    });
    const app = inProcessApp(client, [{ durables: () => durables.map((one) => watched(one, journal)) }]);
    const { seed = 1 } = play;
    const logger = options.logger ?? silence;
    const open = await openCloud(app, clock, { waits: "stepFunctions", timeoutMs: TIMEOUT_MS, seed, logger });
    return new Execution(options, handlers, play, { client, open, journal, last });
  }

  /** The run as it is at its end, or where it was stopped. */
  async run(): Promise<RunView> {
    const { id } = await this.#start();
    const run = await this.#carry(id);
    // What the end sets off at once, such as `onFailure`, belongs to it.
    await this.#open.aws.time.settle();
    if (this.journal.fatal !== undefined) throw this.journal.fatal;
    return asSeen(run, this.last);
  }

  /** Lets the runs of all functions come to their ends, also those that are still to begin, and gives them. */
  async rest(): Promise<readonly RunView[]> {
    const { aws, cloud } = this.#open;
    for (;;) {
      await aws.time.settle();
      const runs = await cloud.runs({ limit: RUNS_MAX, since: this.#startedAt });
      const live = runs.filter(({ status }) => !ENDED.has(status));
      for (const { id } of live) await this.#carry(id);
      if (live.length > 0) continue;
      const due = aws.time.nextDue();
      const queued = this.#queues.some((queue) => aws.sqs.messages(queue).length > 0);
      if (due === undefined || !queued) return present(await Promise.all(runs.map(({ id }) => cloud.run(id))));
      await aws.time.passTo(due);
    }
  }

  async sendEvent(events: OutgoingEvents<AnyEvents>): Promise<{ ids: string[] }> {
    // Who sends from within a step cannot wait until all is quiet.
    return currentInvocation() === undefined ? this.#open.cloud.send(events) : this.#client.send(events);
  }

  async sendSignal(signal: OutgoingSignal): Promise<SendSignalResult> {
    return currentInvocation() === undefined ? this.#open.cloud.sendSignal(signal) : this.#client.sendSignal(signal);
  }

  passTime(duration: number | string): Promise<void> {
    return this.#open.cloud.passTime(duration);
  }

  close(): Promise<void> {
    return this.#open.cloud.close();
  }

  async #start(): Promise<RunView> {
    const { cloud } = this.#open;
    const { function: fn } = this.#options;
    const start = startOf(fn, this.#options.events);
    const { ids } = start.kind === "cron" ? await cloud.fire(fn.id) : await cloud.send([...start.events]);
    const runs = (await Promise.all(ids.map((id) => cloud.runsOf(id)))).flat();
    const mine = runs.filter(({ functionId }) => functionId === fn.id);
    const run = mine.find(({ status }) => status !== "skipped");
    if (run !== undefined) return run;
    const [skipped] = mine;
    if (skipped?.skipped !== undefined) throw wasSkipped(fn, skipped.skipped.reason);
    throw notTriggered(fn, start.kind === "cron" ? ["of its cron"] : start.events.map(({ name }) => `"${name}"`));
  }

  async #carry(runId: string): Promise<RunView> {
    const run = await letTimePass(this.#waiter(), runId, async (_run, due) => this.#atRest(due));
    if (run === undefined) throw new Error(`The run ${runId} has not begun.`);
    return run;
  }

  async #atRest(due: number | undefined): Promise<"pass" | "look" | "stop"> {
    const { journal } = this;
    if (journal.fatal !== undefined || journal.stopped) return "stop";
    const { open } = journal;
    const next = open.find((op) => handlerFor(op, this.#handlers) !== undefined && !this.#called.has(nameOf(op)));
    if (next !== undefined) {
      this.#called.add(nameOf(next));
      const { id, functionId, runId, request } = next;
      await handlerFor(next, this.#handlers)?.({ id, kind: request.kind, functionId, runId });
      return "look";
    }
    if (open.some((op) => isWait(op) && op.id === this.#play.stopAt && handlerFor(op, this.#handlers) === undefined))
      return "stop";
    const silent = unansweredBy(due, open, this.#handlers);
    if (silent !== undefined) throw unanswered(silent);
    return "pass";
  }

  /** The router's, and the app's. */
  get #queues(): readonly string[] {
    return queuesOf(this.#open.provisioned.binding, this.#options.function.app);
  }

  #waiter(): RunWaiterDeps {
    const { aws, cloud } = this.#open;
    return { aws, look: cloud.run, isQueued: isOnItsWay(aws, this.#queues), sweep: cloud.sweep };
  }
}

/** Runs of one execution that are looked after. */
const RUNS_MAX = 1_000;
const ENDED = new Set<string>(["completed", "failed", "cancelled", "skipped"]);

const nameOf = ({ runId, id }: OpenOp): string => `${runId}/${id}`;

const present = (runs: readonly (RunView | undefined)[]): readonly RunView[] => runs.filter((run) => run !== undefined);

/** The function with spies and mocks about its step tools. */
function underTest(options: Checked, last: LastStart, stop: ToolsOptions["stop"]): AnyFunction {
  const { function: fn, mocks, transformCtx, spy } = options;
  const makeSpy = spy === undefined ? spyOn : (tool: Parameters<typeof spy>[0]) => spy(tool);
  return fn.wrapped(async (context, handler) => {
    const states: States = {};
    const given = { mocks, states, ...(stop && { stop }) };
    const ledger = withMockedFetches(ledgerAround() as Ledger, given);
    const tools = { ...context.step, fetch: stepFetch(ledger) };
    const step = spiedTools(tools, { app: fn.app, spy: makeSpy, ...given });
    const spied = { ...context, step } as unknown as TestContext;
    const ctx = transformCtx?.(spied) ?? spied;
    Object.assign(last, { ctx, states, returned: undefined });
    const value = await withLedger(ledger, () => handler(ctx as unknown as typeof context));
    if (last.states === states) last.returned = value;
    return value;
  });
}

/** With the results that the code has seen: middleware may have stored others. */
async function asSeen(run: RunView, { states, returned }: LastStart): Promise<RunView> {
  const steps = run.steps.map(async (step) => {
    const seen = states[step.id];
    return seen === undefined || step.status !== "completed" ? step : { ...step, output: await seen };
  });
  const output = run.status === "completed" ? JSON.parse(JSON.stringify(returned) ?? "null") : run.output;
  return { ...run, output, steps: await Promise.all(steps) };
}

/** Fake timers (of sinon, and so of vitest and jest) have their clock on them. The engine would wait for the next turn of the event loop for ever. */
function refuseFakeTimers(): void {
  if (!("clock" in setImmediate)) return;
  throw new StepwellError(
    "STEPWELL_RUN_STUCK",
    "TestEngine: setImmediate is a fake timer, so that nothing would ever go on. The clock of the kit is virtual already: use real timers " +
      'in this test, or fake the Date alone (vitest: vi.useFakeTimers({ toFake: ["Date"] })).',
  );
}

const wasSkipped = ({ id }: AnyFunction, reason: string) =>
  new StepwellError(
    "STEPWELL_RUN_SKIPPED",
    `TestEngine: the events started no run of "${id}": its option ${reason} kept them back.`,
  );
