import { isRecord } from "../sdk/errors/index.ts";
import { type RunView, StepError, type StepView } from "../sdk/index.ts";
import { deserializeError, StepwellError } from "../sdk/protocol/index.ts";
import { type StoredResponse, toResponse } from "../sdk/steps/index.ts";
import type { StepStates, TestContext } from "./context.ts";
import type { Execution } from "./execution.ts";
import type { Checked } from "./options.ts";

/** How an execution went. */
export interface ExecutionResult<Result> {
  /** What the function returned, once it was JSON; undefined when it has not completed. */
  readonly result?: Result;
  /** The error that ended the run, with its name, message, code and cause. */
  readonly error?: Error;
  /** What the handler was called with at its last start, which has gone through all that the run did. */
  readonly ctx: TestContext;
  readonly state: StepStates;
  /** The run as the engine shows it: its status, its steps with their tries and times; results as the code saw them. */
  readonly run: RunView;
}

/** How the execution of one step went: `result` and `error` are the step's; neither while it waits. */
export interface StepResult extends ExecutionResult<unknown> {
  readonly step: StepView;
}

export const errorOf = (error: RunView["error"]): { readonly error?: Error } =>
  error === undefined ? {} : { error: deserializeError(error) };

/** What an execution gives, with what is known of its end. */
export function resultOf<T extends object>({ last }: Pick<Execution, "last">, run: RunView, ended: T) {
  return {
    ...ended,
    get ctx(): TestContext {
      if (last.ctx !== undefined) return last.ctx;
      throw new StepwellError(
        "STEPWELL_RUN_ENDED",
        `TestEngine: the run is ${run.status}, and its handler was never started.`,
      );
    },
    state: { ...storedStates(run.steps), ...last.states, ...storedStates(run.steps.filter(isFetch)) },
    run,
  };
}

/** By the run: results that the code was not handed, of those that have lost a race; and responses. */
function storedStates(steps: readonly StepView[]): StepStates {
  const ended = steps.filter(({ status }) => status === "completed" || status === "failed");
  return Object.fromEntries(ended.map((step) => [step.id, stateOf(step)]));
}

function stateOf(step: StepView): Promise<unknown> {
  const { id, name, status, error } = step;
  if (status === "completed" || error === undefined) return Promise.resolve(seenOf(step));
  const failed = Promise.reject(new StepError(error, id, name));
  // Nobody has to look at it.
  failed.catch(() => {});
  return failed;
}

const isFetch = ({ kind }: StepView): boolean => kind === "fetch";

/** A step's result as the code gets it; what it never got may be as a middleware has stored it. */
export const seenOf = (step: StepView): unknown =>
  isFetch(step) && isResponse(step.output) ? toResponse(step.output) : step.output;

const isResponse = (output: unknown): output is StoredResponse => isRecord(output) && Array.isArray(output.headers);

/** A mock that was never asked for is most likely a typing error: the step itself has run. */
export function refuseStrayMocks({ mocks }: Checked, execution: Execution): void {
  const ids = [...execution.journal.idsAsked];
  const isAsked = (id: string) => ids.some((name) => name === id || name.startsWith(`${id}:`));
  const stray = [...mocks.values()].find(({ id, optional }) => optional !== true && !isAsked(id));
  if (stray === undefined) return;
  throw neverAsked(
    "steps: the run completed",
    stray.id,
    execution,
    ", or say { optional: true } if it need not come by",
  );
}

export function neverAsked(what: string, id: string, { journal }: Execution, or = ""): StepwellError {
  const ids = [...journal.idsAsked].map((name) => `"${name}"`).join(", ") || "none";
  return new StepwellError(
    "STEPWELL_UNKNOWN_STEP",
    `TestEngine: ${what}, and its code never asked for a step "${id}". The steps that it asked for: ${ids}. Correct the id${or}.`,
  );
}
