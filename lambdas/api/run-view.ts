import { toUserEvent } from "../../sdk/execution/user-event.ts";
import {
  isWait,
  type Outcome,
  type Payload,
  type RunAddress,
  type RunStatus,
  type RunSummary,
  type RunView,
  type SerializedError,
  type StepMemo,
  type StepStatus,
  type StepView,
  type StoredEvent,
  type WaitingFor,
} from "../../sdk/protocol/index.ts";
import { invokeEventId } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";

type Load = (payload: Payload) => Promise<unknown>;

/** A run that has been sent to its queue and not been taken yet: its id is known, nothing of it is stored. */
export const queuedView = (run: RunAddress, event: Pick<StoredEvent, "id" | "at">): RunView => ({
  id: run.runId,
  app: run.app,
  functionId: run.functionId,
  eventIds: [event.id],
  status: "queued",
  output: undefined,
  error: undefined,
  steps: [],
  attempts: 0,
  queuedAt: event.at,
  startedAt: undefined,
  endedAt: undefined,
});

/** An event that started no run: what its record tells. */
export const recordView = (header: RunHeader): RunView => ({
  ...runSummary(header),
  output: undefined,
  error: undefined,
  steps: [],
});

export interface StoredRun {
  readonly header: RunHeader;
  readonly outcome: Outcome | undefined;
  readonly memo: ReadonlyMap<string, StepMemo>;
  /** Of a run that has several. */
  readonly events?: readonly { readonly id: string }[] | undefined;
  readonly waitingFor?: WaitingFor | undefined;
}

/** A stored run as users see it. */
export async function runView(
  { header, outcome, memo, events, waitingFor }: StoredRun,
  load: Load,
  now: number,
): Promise<RunView> {
  const steps = [...memo.values()].sort(byTime);
  return {
    ...runSummary(header),
    ...(events && { eventIds: events.map(({ id }) => id) }),
    ...(await endOf(outcome, load)),
    ...(header.cancel && { cancel: header.cancel }),
    ...(waitingFor && { waitingFor }),
    steps: await Promise.all(steps.map((step) => stepView(header.runId, step, load, now))),
  };
}

/** What its header alone tells of a run. */
export const runSummary = (header: RunHeader): RunSummary => ({
  id: header.runId,
  app: header.app,
  functionId: header.functionId,
  eventIds: [header.eventId],
  status: statusOf(header),
  attempts: header.startedAt === undefined ? 0 : header.attempts + 1,
  queuedAt: header.queuedAt,
  startedAt: header.startedAt,
  endedAt: header.endedAt,
  ...(header.note !== undefined && { note: header.note }),
  ...(header.sweeps && { sweeps: header.sweeps }),
  ...(header.skipped && { skipped: header.skipped }),
});

/** By their beginning; those of one millisecond as the code asked for them. */
const byTime = (a: StepMemo, b: StepMemo): number => a.startedAt - b.startedAt || (a.place ?? 0) - (b.place ?? 0);

const statusOf = (header: RunHeader): RunStatus => {
  if (header.status !== "active") return header.status;
  return header.owner === undefined ? (header.parked ?? "queued") : "running";
};

async function endOf(
  outcome: Outcome | undefined,
  load: Load,
): Promise<{ output: unknown; error: SerializedError | undefined }> {
  if (outcome === undefined) return { output: undefined, error: undefined };
  if (!outcome.ok) return { output: undefined, error: outcome.error };
  return { output: await load(outcome.data), error: undefined };
}

async function stepView(runId: string, step: StepMemo, load: Load, now: number): Promise<StepView> {
  const { output, error } = await endOf(isClosed(step) ? undefined : step.outcome, load);
  const done = step.outcome !== undefined;
  return {
    id: step.id,
    name: step.name ?? step.id,
    kind: step.kind,
    status: stepStatus(step, now),
    attempts: hasTries(step) ? step.attempts + (done ? 0 : 1) : 1,
    output: step.kind === "waitForEvent" ? await eventOf(output, load) : output,
    error: error ?? step.lastError,
    startedAt: step.startedAt,
    endedAt: step.endedAt ?? (stepStatus(step, now) === "completed" ? dueTime(step) : undefined),
    ...(step.kind === "invoke" && { eventId: invokeEventId(runId, step.key) }),
  };
}

/** By the end of its run, or of its race. */
const isClosed = ({ by }: StepMemo): boolean => by === "end" || by === "race";

/** A `sleepUntil` of a time that was past is over when it begins. */
const dueTime = (step: StepMemo): number => Math.max(step.startedAt, step.until ?? 0);

const hasTries = ({ kind }: StepMemo): boolean => kind !== "sleep" && kind !== "invoke" && !isWait(kind);

function stepStatus(step: StepMemo, now: number): StepStatus {
  if (isClosed(step)) return "cancelled";
  if (step.outcome !== undefined) return step.outcome.ok ? "completed" : "failed";
  if (step.kind === "sleep") return (step.until ?? 0) <= now ? "completed" : "sleeping";
  if (!hasTries(step)) return "waiting";
  return step.until === undefined ? "running" : "retrying";
}

/** A wait's stored result is the event as stored; shown is the event as the handler got it. */
async function eventOf(output: unknown, load: Load): Promise<unknown> {
  if (typeof output !== "object" || output === null) return output;
  const event = output as StoredEvent;
  return toUserEvent(event, await load(event.data));
}
