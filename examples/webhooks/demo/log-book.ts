import type { LocalOptions } from "stepwell/local";

type Sink = NonNullable<LocalOptions["logger"]>;
type Fields = {
  readonly runId?: string;
  readonly functionId?: string;
  readonly stepId?: string;
  readonly attempt?: number;
};

/** Takes the engine's log: which runs have ended, what went wrong on the way. Lines of handlers (`logger.info`) are handed on. */
export function createLogBook(onHandlerLine: (line: string) => void) {
  const ended = new Set<string>();
  const troubles: string[] = [];
  const read = (message: string, { runId = "", functionId, attempt }: Fields = {}) => {
    if (message === "run completed") ended.add(runId);
    // Lines of handlers name the attempt.
    else if (attempt !== undefined) onHandlerLine(`${functionId} ${runId}: ${message}`);
  };
  const keep = (message: string, fields: Fields = {}) => {
    // A run or a step that fails is no trouble of the engine's: its run shows it.
    if (message === "run failed") ended.add(fields.runId ?? "");
    else if (fields.stepId === undefined) troubles.push(`${message} ${JSON.stringify(fields, withoutStack)}`);
  };
  const sink: Sink = { debug: read, info: read, warn: keep, error: keep };
  return { sink, ended: ended as ReadonlySet<string>, troubles: troubles as readonly string[] };
}

export type LogBook = ReturnType<typeof createLogBook>;

const withoutStack = (key: string, value: unknown) => (key === "stack" ? undefined : value);
