import type { RunView, SerializedError, StepView } from "../../sdk/protocol/index.ts";
import type { Journal } from "../journal.ts";

/** What an execution has left behind, leaf by leaf: JSON of each value by its path, such as `result.total` or `steps.charge.output`. */
export type Trace = ReadonlyMap<string, string>;

/** A place at which an execution with a crash came out differently: JSON, undefined where there is nothing. */
export interface CrashDifference {
  readonly path: string;
  readonly without: string | undefined;
  readonly with: string | undefined;
}

/** The run, its steps, the runs of other functions, what was sent by the client, and the effects. Ids and times are not part of it. */
export function traceOf(run: RunView, others: readonly RunView[], journal: Journal, effects: unknown): Trace {
  const sent = [...journal.eventsSent.values()].map(({ name, envelope: { data } }) => ({ name, data }));
  const leaves = new Map<string, string>();
  const note = (path: string, value: unknown) => flatten(path, value, leaves);
  note("status", run.status);
  note("result", run.output);
  note("error", errorOf(run.error));
  note("steps", Object.fromEntries(run.steps.map((step) => [step.id, endOfStep(step)])));
  const byFunction = Object.entries(Object.groupBy(others, ({ functionId }) => functionId));
  note("runs", Object.fromEntries(byFunction.map(([id, runs]) => [id, sorted((runs ?? []).map(endOf))])));
  note("sent", sorted(sent));
  note("effects", effects);
  return leaves;
}

/** Where two traces differ, in the order of the first. */
export function differences(without: Trace, withCrash: Trace): readonly CrashDifference[] {
  const paths = new Set([...without.keys(), ...withCrash.keys()]);
  return [...paths]
    .map((path) => ({ path, without: without.get(path), with: withCrash.get(path) }))
    .filter((leaf) => leaf.without !== leaf.with);
}

// What a step that has not failed shows as its error is that of its last try.
const endOfStep = ({ status, output, error }: StepView) => ({
  status,
  output,
  error: status === "failed" ? errorOf(error) : undefined,
});

const endOf = ({ status, output, error }: RunView) => ({ status, output, error: errorOf(error) });

const errorOf = (error: SerializedError | undefined) =>
  error && { name: error.name, message: error.message, code: error.code };

/** Which comes first is chance. */
const sorted = <T>(values: readonly T[]): readonly T[] =>
  values
    .map((value) => ({ value, text: JSON.stringify(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ value }) => value);

function flatten(path: string, given: unknown, leaves: Map<string, string>): void {
  const text = JSON.stringify(given);
  if (text === undefined) return;
  const value: unknown = JSON.parse(text);
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) leaves.set(path, text);
  for (const [key, inner] of entries) flatten(join(path, key, Array.isArray(value)), inner, leaves);
}

function join(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return /^\w+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
