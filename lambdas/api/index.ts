import { toUserEvent } from "../../sdk/execution/user-event.ts";
import {
  type CancelCause,
  type Clock,
  EVENT_CRON,
  EVENT_INVOKED,
  type RunAddress,
  type RunPage,
  type RunView,
  type SkipCounts,
  type StoredEvent,
} from "../../sdk/protocol/index.ts";
import { recordCancel } from "../aws/cancel-run.ts";
import type { World } from "../aws/index.ts";
import type { SignalKey } from "../aws/keys.ts";
import type { CancelTarget } from "../aws/run-store.ts";
import { allFunctions, type FunctionMatch, matchTriggers } from "../engine/match.ts";
import { cronEventId, runIdOf, timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";
import { bucketPlaceOf, bucketView, leadsToRun } from "./bucket-view.ts";
import { countSkips, type SkipsQuery } from "./count-skips.ts";
import { createDeadLetterApi } from "./dead-letters.ts";
import { listRuns, type RunQuery } from "./list-runs.ts";
import { lookWhy } from "./look-why.ts";
import { queuedView, recordView, runView } from "./run-view.ts";

export interface ApiDeps {
  readonly world: World;
  readonly clock: Clock;
}

/** Reading runs, and cancelling them. `runsOf` needs no item of its own: the ids of the runs that an event starts can be told from the registry. */
export const createApi = ({ world, clock }: ApiDeps) => {
  const run = async (address: RunAddress): Promise<RunView | undefined> => {
    const header = await world.runs.header(address);
    if (header === undefined) return undefined;
    if (header.bucket !== undefined) return memberView(header);
    const [outcome, memo, list] = await Promise.all([
      world.runs.outcome(address, header),
      world.steps.load(address),
      header.batch === true ? world.runEvents.get(address) : undefined,
    ]);
    const now = clock.now();
    const waitingFor = await lookWhy(world, header, memo, now);
    return runView(
      { header, outcome, memo, events: list?.events, waitingFor },
      (payload) => world.payloads.load(payload),
      now,
    );
  };

  /** What became of an event that went into a debounce or a batch: the run that it is in, or the word that another took its place. */
  const memberView = async (header: RunHeader): Promise<RunView | undefined> => {
    const place = await bucketPlaceOf(world, header);
    const event = { id: header.eventId, at: timeOf(header.runId) };
    if (place !== undefined && leadsToRun(place, event)) return (await run(place.run)) ?? bucketView(place);
    const { skipped } = header;
    return skipped && recordView({ ...header, skipped: { ...skipped, ...(place && { runId: place.run.runId }) } });
  };

  /** The functions that may have been started by an event; `sure` when they have been, or will be. */
  const candidates = async (env: string, event: StoredEvent) => {
    const apps = await world.registry.apps(env);
    if (event.name === EVENT_CRON)
      return { sure: true, matches: allFunctions(apps).filter((match) => fired(match, event)) };
    if (event.name === EVENT_INVOKED) return { sure: false, matches: allFunctions(apps) };
    const userEvent = toUserEvent(event, await world.payloads.load(event.data));
    return { sure: true, matches: matchTriggers(apps, userEvent) };
  };

  return {
    run,

    /** Cancels a run: before its next step's body at the latest, at once when it rests. One that has ended stays as it is. */
    async cancel(address: CancelTarget, { reason }: { readonly reason?: string | undefined } = {}): Promise<void> {
      const cause: CancelCause = { by: "request", ...(reason !== undefined && { reason }) };
      const recorded = await recordCancel(world, address, cause, clock.now());
      if (recorded.kind === "wake") await world.queue.sendToRun(recorded.queueUrl, recorded.message);
    },

    /** The run that a signal has gone to, once the router has handled it; undefined: none. */
    async signalled(of: SignalKey, id: string): Promise<string | undefined> {
      return (await world.signals.sent(of, id))?.to?.runId;
    },

    deadLetters: createDeadLetterApi(world, clock),

    /** Runs, the latest first. */
    list: (query: RunQuery): Promise<RunPage> => listRuns(world, query, clock.now()),

    /** How many events have started no run, by function and reason. */
    skips: (query: SkipsQuery): Promise<SkipCounts> => countSkips(world, query, clock.now()),

    /** The runs that an event has started; those not yet taken by a runner are `queued`. */
    async runsOf(env: string, eventId: string): Promise<readonly RunView[]> {
      const event = await world.events.get(env, eventId);
      if (event === undefined) return [];
      const { sure, matches } = await candidates(env, event);
      const views = await Promise.all(
        matches.map(async ({ app, fn }) => {
          const address = { env, app: app.manifest.app, functionId: fn.id };
          const full = { ...address, runId: runIdOf(address, event.id, event.at) };
          return (await run(full)) ?? (sure ? queuedView(full, event) : undefined);
        }),
      );
      return views.filter((view) => view !== undefined);
    },
  };
};

const fired = ({ app, fn }: FunctionMatch, event: StoredEvent): boolean =>
  event.id === cronEventId({ env: event.env, app: app.manifest.app, functionId: fn.id }, event.at);

export type { RunQuery, SkipsQuery };
export type Api = ReturnType<typeof createApi>;
