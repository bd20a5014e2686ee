import type { LocalOptions } from "stepwell/local";

type Sink = NonNullable<LocalOptions["logger"]>;
type Fields = {
  readonly runId?: string;
  readonly functionId?: string;
  readonly stepId?: string;
  readonly attempt?: number;
};

/** The body of a step has begun. */
export interface StepStart {
  readonly runId: string;
  readonly functionId: string;
  readonly stepId: string;
}

/** What the log says when an app's process has been killed. */
const AFTER_A_KILL = [
  "the app's process is gone",
  "failed a batch of",
  "the invocation before this one ended without giving the run back",
];

/**
 * Takes the engine's log: which runs have ended, which steps have begun, what went wrong on the way. Lines of handlers (`logger.info`)
 * are handed on.
 */
export function createLogBook(onHandlerLine: (line: string) => void) {
  const ended = new Set<string>();
  const troubles: string[] = [];
  const starts: StepStart[] = [];
  const retries: StepStart[] = [];
  let onStart = () => {};
  const read = (message: string, { runId = "", functionId = "", attempt, stepId }: Fields = {}) => {
    if (message === "run completed") ended.add(runId);
    else if (message === "step started" && stepId !== undefined) {
      starts.push({ runId, functionId, stepId });
      onStart();
    }
    // Lines of handlers name the attempt.
    else if (attempt !== undefined) onHandlerLine(`${functionId} ${runId}: ${message}`);
  };
  const keep = (message: string, fields: Fields = {}) => {
    const { runId = "", functionId = "", stepId } = fields;
    // A run or a step that fails is no trouble of the engine's: its run shows it.
    if (message === "run failed") ended.add(runId);
    else if (stepId === undefined) troubles.push(`${message} ${JSON.stringify(fields, withoutStack)}`);
    else if (message.includes("will be tried again")) retries.push({ runId, functionId, stepId });
  };
  const sink: Sink = { debug: read, info: read, warn: keep, error: keep };
  return {
    sink,
    ended: ended as ReadonlySet<string>,
    /** Troubles that no kill explains. */
    troubles: (killed: boolean): readonly string[] =>
      troubles.filter((line) => !(killed && AFTER_A_KILL.some((part) => line.includes(part)))),
    starts: starts as readonly StepStart[],
    retries: retries as readonly StepStart[],
    /** Calls at the beginning of each step's body. */
    onStepStart: (listener: () => void) => {
      onStart = listener;
    },
  };
}

export type LogBook = ReturnType<typeof createLogBook>;

const withoutStack = (key: string, value: unknown) => (key === "stack" ? undefined : value);
