import { AsyncLocalStorage } from "node:async_hooks";
import type { Api } from "../lambdas/api/index.ts";
import { queuedView } from "../lambdas/api/run-view.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { type RunMessage, type RunView, StepwellError } from "../sdk/protocol/index.ts";
import type { LocalAws } from "./aws.ts";
import { currentInvocation } from "./invocation.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "cancel";

export interface CancellerDeps {
  readonly aws: LocalAws;
  readonly api: Api;
  readonly env: string;
  readonly app: string;
  readonly look: (runId: string) => Promise<RunView | undefined>;
  /** Where the start of a run may be on its way. */
  readonly queues: readonly string[];
}

/** Cancels runs that are stored, and those whose start is still on its way. */
export function createCanceller({ aws, api, env, app, queues, look }: CancellerDeps) {
  const messages = () => queues.flatMap((queue) => aws.sqs.messages(queue));
  // The code of a run may call this: what is done here is then none of that invocation's calls.
  const outside = AsyncLocalStorage.snapshot();
  const cancel = async (runId: string, options: { readonly reason?: string }, wait: boolean): Promise<RunView> => {
    const before = (await look(runId)) ?? messages().flatMap(({ body }) => queuedIn(body, runId))[0];
    if (before === undefined) throw notFound(runId);
    await api.cancel({ env, app, runId }, options);
    if (wait) await aws.time.settle();
    return (await look(runId)) ?? before;
  };
  // An invocation that waited for all to be quiet would wait for itself.
  return async (runId: string, options: unknown = {}): Promise<RunView> => {
    const checked = checkOptions(options);
    const wait = currentInvocation() === undefined;
    return outside(() => cancel(runId, checked, wait));
  };
}

/** What is too long is cut where it is recorded. @throws StepwellError `STEPWELL_INVALID_OPTION` */
function checkOptions(options: unknown): { readonly reason?: string } {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `the options must be { reason? }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["reason"], CODE, WHERE);
  const { reason } = options;
  if (reason === undefined) return {};
  if (typeof reason === "string") return { reason };
  throw badInput(CODE, `${WHERE}: reason`, `must be a text, got ${quote(reason)}.`);
}

/** The run that a message is to start. */
function queuedIn(body: string, runId: string): readonly RunView[] {
  const message = (body.includes(runId) ? JSON.parse(body) : {}) as Partial<RunMessage>;
  if (message.kind !== "start" || message.runId !== runId) return [];
  const { event, queuedAt: at } = message as RunMessage & { kind: "start" };
  return [queuedView(message as RunMessage, { id: "ref" in event ? event.ref : event.id, at })];
}

const notFound = (runId: string) =>
  new StepwellError(
    "STEPWELL_RUN_NOT_FOUND",
    `There is no run "${runId}" to cancel, and no message that would start it. While a debounce or a batch is open there is no run yet.`,
  );
