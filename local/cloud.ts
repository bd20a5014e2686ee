import type { Redriven } from "../lambdas/api/dead-letters.ts";
import type { DeadLetter } from "../lambdas/aws/dead-letter-store.ts";
import { engineNames } from "../lambdas/contract.ts";
import { cronEventId } from "../lambdas/engine/run-id.ts";
import type { SweepReport } from "../lambdas/sweeper/index.ts";
import { bindSender, runInScope } from "../sdk/client/scope.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { parseDuration } from "../sdk/expressions/index.ts";
import type { AnyEvents, OutgoingEvents, OutgoingSignal, SendSignalResult } from "../sdk/index.ts";
import {
  type CronMessage,
  type EngineMessage,
  type FunctionManifest,
  type RunSummary,
  type RunView,
  type SkipCounts,
  StepwellError,
} from "../sdk/protocol/index.ts";
import type { AppStatus, LocalApp } from "./app.ts";
import type { LocalAws } from "./aws.ts";
import { createCanceller } from "./canceller.ts";
import { whileOpen } from "./closed.ts";
import type { Doors } from "./doors.ts";
import { type CountQuery, createHttpApi, type ListQuery, type QueuesNow } from "./http-api.ts";
import { offTheBill, type Usage } from "./meter.ts";
import type { Provisioned } from "./provision.ts";
import { checkFunctionId, checkIds, checkRunsQuery, checkSkipsQuery } from "./queries.ts";
import { createRedriver } from "./redriver.ts";
import { createRunWaiter } from "./run-waiter.ts";
import { createSignaller } from "./signaller.ts";

/** What may be sent; anything while nothing is known of the client's events. */
type Events<S> = OutgoingEvents<unknown extends S ? AnyEvents : S>;

/** Which runs `cloud.runs` lists. */
export type RunsQuery = Pick<ListQuery, "functionId" | "status" | "limit" | "since">;

/** Which events that have started no run `cloud.skips` counts. */
export type SkipsQuery = CountQuery;

/** A running local cloud, of a client whose events are `S`. */
export interface LocalCloud<S = unknown> {
  /** Endpoint of the AWS services, and of `/api`: any AWS SDK client or the AWS CLI may be pointed at it. */
  readonly url: string;
  /** Sends events by PutEvents. On the virtual clock all that is due now has happened when it resolves. */
  send(events: Events<S>): Promise<{ ids: string[] }>;
  /**
   * Sends a signal to the run that waits for it by `step.waitForSignal`. On the virtual clock all that is due now has happened when it
   * resolves; `runId` is the run that it went to, undefined if nobody waited for it (or, on the real clock, if the router has not had it yet).
   *
   * @throws StepwellError `STEPWELL_INVALID_OPTION`, `STEPWELL_EVENT_TOO_LARGE`
   * @example
   * ```ts
   * const { runId } = await cloud.sendSignal({ signal: "approval/o1", data: { approved: true } });
   * ```
   */
  sendSignal(signal: OutgoingSignal): Promise<SendSignalResult & { runId: string | undefined }>;
  /** The runs that an event has started, once the router has handled it. */
  runsOf(eventId: string | undefined): Promise<readonly RunView[]>;
  /** The latest runs, the newest first. Those that no runner has taken yet are not among them. @default - `limit` is 20 */
  runs(query?: RunsQuery): Promise<readonly RunSummary[]>;
  /**
   * How many events have started no run because of an option of their function, by function and reason; those that a debounce has
   * superseded count once it is over.
   *
   * @param query `since`: from this time on, in ms since the epoch; the last 24 hours if not given
   * @example
   * ```ts
   * const { skips } = await cloud.skips({ functionId: "welcome" });
   * // [{ app: "shop", functionId: "welcome", reason: "rateLimit", count: 12 }]
   * ```
   */
  skips(query?: SkipsQuery): Promise<SkipCounts>;
  /** A run as it is now, and `waitingFor` why it is not executing; undefined when there is none (yet). */
  run(runId: string | undefined): Promise<RunView | undefined>;
  /**
   * Cancels a run, wherever it stands: it ends before its next step's body at the latest, its sleeps, waits and backoffs at once. Resolves
   * with the run as it is then; on the virtual clock all that is due now has happened, so that only a body that runs on keeps it from its
   * end. A run that has ended stays as it is. `reason` is for people: up to 256 characters of it are kept.
   *
   * @throws StepwellError `STEPWELL_RUN_NOT_FOUND`
   * @example
   * ```ts
   * const { status, cancel } = await cloud.cancel(run.id, { reason: "ordered twice" });
   * ```
   */
  cancel(runId: string | undefined, options?: { readonly reason?: string }): Promise<RunView>;
  /**
   * Resolves when the run has ended. On the virtual clock lets time pass as needed.
   * @throws StepwellError `STEPWELL_RUN_NOT_FOUND`; `STEPWELL_RUN_STUCK`, naming what the run waits for, when nothing is due any more
   */
  waitForRun(runId: string | undefined): Promise<RunView>;
  /** Lets time pass on the virtual clock: ms or a duration. Everything that falls due happens, in order. */
  passTime(duration: number | string): Promise<void>;
  /** Runs the sweeper now. It tells what it had to bring on, and why. */
  sweep(): Promise<SweepReport>;
  /** Fires a function's cron now; the ids are for `runsOf`. */
  fire(functionId: string): Promise<{ ids: string[] }>;
  /** What has been used since `startLocal` resolved. */
  meter(): Usage;
  /** Messages that could not be handled, with the reason. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /**
   * Sends dead letters anew, from their records to the queues that they belong to, and marks them as redriven; those given by their ids,
   * else all that have not been yet. On the virtual clock all that is due now has happened when it resolves.
   *
   * @example
   * ```ts
   * const [first] = await cloud.redrive(); // { id, outcome: "sent", to: "stepwell-runs-main-shop", runId }
   * ```
   */
  redrive(ids?: readonly string[]): Promise<readonly Redriven[]>;
  /** The app's process, as it is now; only of an app that was given by its `entry`. */
  readonly app?: AppStatus | undefined;
  /** Ends what is about to end, the app's process, and the services. What is still under way goes on after a restart on its data. */
  close(): Promise<void>;
}

/** On the real clock the sweeper comes every minute. */
const SWEEP_EVERY_MS = 60_000;
const LOOK_MS = 2;

export function createLocalCloud(
  aws: LocalAws,
  doors: Doors,
  { binding }: Provisioned,
  { app, logger }: { readonly app: LocalApp; readonly logger: LogSink },
): LocalCloud {
  const { client } = app;
  const mine = { env: binding.env, app: client.id };
  const { clock, meter, time } = aws;
  const queues = queuesOf(binding, client.id);
  const sender = { send: doors.world.bus.send, now: () => clock.now() };
  const unbind = bindSender(client, sender);
  let closing = false;
  const open = <Args extends readonly unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    whileOpen(() => closing, method);

  const send = async (events: Events<AnyEvents>) => {
    const sent = await runInScope({ sender, hops: 0 }, () => client.send(events));
    await time.settle();
    return sent;
  };
  const { run, list, skips } = viewsOf(doors, mine);
  /** Resolves when the router has handled every message with this text. */
  const routed = async (text: string) => {
    await time.settle();
    // On the virtual clock a message that failed needs time to come again, and that is the caller's to pass.
    while (clock.kind === "real" && holds(aws, queues[0], text)) await realTime(LOOK_MS);
  };
  const runsOf = async (eventId: string | undefined) => {
    const id = textOf(eventId, "an event");
    await routed(id);
    return offTheBill(() => doors.api.runsOf(binding.env, id));
  };
  const sweep = () => sweepOnce(aws, doors);
  const cancel = createCanceller({ aws, api: doors.api, ...mine, queues, look: run });
  const isQueued = isOnItsWay(aws, queues);
  const waitForRun = createRunWaiter({ aws, look: run, isQueued, sweep });
  const fire = async (functionId: string) => {
    const message = cronMessage(binding.env, client.id, functionId, clock.now(), app.functions());
    await doors.world.queue.sendToRouter(message);
    await routed(message.at);
    return { ids: [cronEventId(message, Date.parse(message.at))] };
  };
  const redriver = createRedriver({ api: doors.api.deadLetters, env: binding.env, settle: () => time.settle() });
  const stopSweeping = clock.kind === "real" ? sweepByTheClock(doors, logger) : () => {};

  const about = () => ({ app: client.id, environment: binding.env, functions: app.functions() });
  const sendGiven = (events: unknown) => send(events as Events<AnyEvents>);
  const routes = { about, run, runs: list, skips, runsOf, cancel, send: sendGiven, meter: meter.snapshot };
  const messages = () => messagesIn(aws, [...queues, ...deadLettersOf(binding, client.id)]);
  aws.serveApi(createHttpApi({ ...routes, ...redriver.routes, messages }));
  return {
    url: aws.url,
    get app() {
      return app.status?.();
    },
    send: open(send),
    sendSignal: open(createSignaller({ client, sender, api: doors.api, env: binding.env, routed })),
    run: open(run),
    runs: open(async (query) => (await list(checkRunsQuery(query))).runs),
    skips: open(async (query) => skips(checkSkipsQuery(query))),
    runsOf: open(runsOf),
    cancel: open((runId, options) => cancel(textOf(runId, "a run"), options)),
    waitForRun: open((runId) => waitForRun(textOf(runId, "a run"))),
    passTime: open((duration) => passTime(aws, doors, duration)),
    sweep: open(sweep),
    fire: open(async (functionId) => fire(checkFunctionId(functionId))),
    meter: () => meter.snapshot(),
    deadLetters: open(() => offTheBill(() => doors.world.deadLetters.list(binding.env))),
    redrive: open(async (ids) => redriver.redrive(checkIds(ids))),
    close: async () => {
      closing = true;
      unbind();
      stopSweeping();
      await app.close();
      await aws.close();
    },
  };
}

const messagesIn = ({ clock, sqs }: LocalAws, queues: readonly string[]): QueuesNow => ({
  now: clock.now(),
  messages: queues.flatMap((queue) => sqs.messages(queue).map(({ body, state }) => ({ queue, body, state }))),
});

const holds = (aws: LocalAws, queue: string, text: string) =>
  aws.sqs.messages(queue).some(({ body }) => body.includes(text));

/** Tells whether a message for a run is on its way. */
export const isOnItsWay = (aws: LocalAws, queues: readonly string[]) => (runId: string) =>
  queues.some((queue) => holds(aws, queue, runId)) || aws.scheduler.inputs().some((input) => input.includes(runId));

/** The router's, and the app's. */
export function queuesOf({ engine, env }: Provisioned["binding"], app: string): readonly [string, string] {
  const names = engineNames(engine);
  return [names.ingestQueue, names.runQueue(env, app)];
}

function deadLettersOf({ engine, env }: Provisioned["binding"], app: string): readonly [string, string] {
  const names = engineNames(engine);
  return [names.ingestDeadLetters, names.runDeadLetters(env, app)];
}

/** Reading is not on the app's bill. */
const viewsOf = ({ api }: Doors, mine: { readonly env: string; readonly app: string }) => ({
  run: (runId: string | undefined) =>
    offTheBill(() => api.run({ ...mine, functionId: "", runId: textOf(runId, "a run") })),
  list: (query: ListQuery) => offTheBill(() => api.list({ ...mine, ...query })),
  skips: (query: CountQuery = {}) => offTheBill(() => api.skips({ ...mine, ...query })),
});

async function sweepOnce({ time }: LocalAws, doors: Doors): Promise<SweepReport> {
  await time.settle();
  const report = await doors.sweep();
  await time.settle();
  return report;
}

async function passTime({ time }: LocalAws, doors: Doors, duration: number | string): Promise<void> {
  const ms = typeof duration === "number" ? duration : parseDuration(duration, "passTime");
  await time.passTime(ms, { onJumpEnd: async () => void (await doors.sweep()) });
}

/** What the function's schedule would send now. @throws StepwellError when there is no such function, or it has no cron */
function cronMessage(
  env: string,
  app: string,
  functionId: string,
  now: number,
  functions: readonly FunctionManifest[],
): EngineMessage & CronMessage {
  const triggersOf = functions.find(({ id }) => id === functionId)?.triggers ?? [];
  const trigger = triggersOf.find((candidate) => candidate.kind === "cron");
  if (trigger === undefined) {
    const known = functions.filter(({ triggers }) => triggers.some(({ kind }) => kind === "cron"));
    throw new StepwellError(
      "STEPWELL_FUNCTION_NOT_FOUND",
      `fire: there is no function "${functionId}" with a cron trigger. There are: ${known.map(({ id }) => id).join(", ") || "none"}.`,
    );
  }
  const at = new Date(now).toISOString();
  return { v: 1, stepwell: true, kind: "cron", env, app, functionId, cron: trigger.cron, at };
}

function textOf(id: string | undefined, what: string): string {
  if (typeof id === "string" && id !== "") return id;
  throw new StepwellError("STEPWELL_INVALID_OPTION", `The id of ${what} is a non-empty string, not ${String(id)}.`);
}

function sweepByTheClock(doors: Doors, logger: LogSink): () => void {
  const failed = (error: unknown) => logger.error("the sweeper failed", { error: String(error) });
  const timer = setInterval(() => void doors.sweep().catch(failed), SWEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

const realTime = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
