import { StepwellError } from "../sdk/protocol/index.ts";
import type { OpenOp } from "./journal.ts";

/** A step that a run waits at. */
export interface Waiting {
  /** The step's id, with `:1`, `:2`, … for repeats. */
  readonly id: string;
  /** `sleep`, `waitForEvent`, `invoke`, … */
  readonly kind: string;
  readonly functionId: string;
  readonly runId: string;
}

/** Called once a run for the step, when everything that is due has happened and the run waits at it. */
export type WaitHandler = (waiting: Waiting) => unknown;

/** Waits for what the world outside sends; whatever else is open ends by time, by the engine, or by another function. */
export const isWait = ({ request }: Pick<OpenOp, "request">): boolean => request.kind.startsWith("waitFor");

/** The handler for a step: by its id with the repeat number, else by its id. */
export const handlerFor = (op: OpenOp, handlers: ReadonlyMap<string, WaitHandler>): WaitHandler | undefined =>
  handlers.get(op.id) ?? handlers.get(op.request.id);

/**
 * The wait that would be over next, without an answer, if time passed to `due` (undefined: nothing is due). One whose step has a handler may
 * be over.
 */
export function unansweredBy(
  due: number | undefined,
  open: readonly OpenOp[],
  handlers: ReadonlyMap<string, WaitHandler>,
): OpenOp | undefined {
  return open.find((op) => {
    if (!isWait(op) || handlerFor(op, handlers) !== undefined) return false;
    return due === undefined || due >= op.since + timeoutOf(op);
  });
}

const timeoutOf = ({ request }: OpenOp): number =>
  "timeoutMs" in request && request.timeoutMs !== undefined ? request.timeoutMs : Number.POSITIVE_INFINITY;

/** Nobody answers a wait: what it waits for, and what to do. */
export function unanswered({ id, functionId, request }: OpenOp): StepwellError {
  const { event, events = [], signal } = request as Awaited;
  const [name] = [event, ...events.map((one) => one.event)].filter((one) => one !== undefined);
  const what = name === undefined ? `the signal "${signal}"` : `the event "${name}"`;
  const answer =
    name === undefined
      ? `t.sendSignal({ signal: "${signal}", data: … })`
      : `t.sendEvent({ name: "${name}", data: { … } })`;
  return new StepwellError(
    "STEPWELL_RUN_STUCK",
    `TestEngine: the run of "${functionId}" waits for ${what} at the step "${id}" (step.${request.kind}), and nothing answers. ` +
      `Answer it with t.onWait("${id}", () => ${answer}), mock it with steps: [{ id: "${id}", handler: () => … }], ` +
      `or let it time out with t.onWait("${id}").`,
  );
}

/** What the requests of waits name. */
interface Awaited {
  readonly event?: string;
  readonly events?: readonly { readonly event?: string }[];
  readonly signal?: string;
}
