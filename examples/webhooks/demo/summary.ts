import type { RunView, StepView } from "stepwell";
import type { Usage } from "stepwell/local";
import { columns, count, dollars, percentile, plural, time } from "./format.ts";
import { wakeUpLateness } from "./wake-ups.ts";

export interface Outcome {
  readonly webhooks: readonly object[];
  readonly runs: readonly RunView[];
  readonly usage: Usage;
}

/** A heading, and lines under it. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

export function summarize({ webhooks, runs, usage }: Outcome): readonly Section[] {
  return [
    { title: "Runs by function", lines: runTable(runs) },
    { title: "What they did", lines: columnsOfTwo(whatTheyDid(webhooks, runs)) },
    { title: "AWS calls, by the real SDK", lines: callTable(usage.calls) },
    { title: "What it would cost", lines: columnsOfTwo(costs(runs, usage)) },
  ];
}

function runTable(runs: readonly RunView[]): string[] {
  const byFunction = [...Map.groupBy(runs, ({ functionId }) => functionId)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  const statuses = [...new Set(["completed", "failed", ...runs.map(({ status }) => status)])];
  const row = (name: string, some: readonly RunView[]) => [
    name,
    count(some.length),
    ...statuses.map((status) => count(some.filter((run) => run.status === status).length)),
    count(some.flatMap(({ steps }) => steps).length),
    count(sum(some.map(retries))),
    time(percentile(some.map(duration), 0.5)),
  ];
  return columns([
    ["", "runs", ...statuses, "steps", "retries", "median time"],
    ...byFunction.map(([functionId, some]) => row(functionId, some)),
    row("all", runs),
  ]);
}

function whatTheyDid(webhooks: readonly object[], runs: readonly RunView[]): [string, string][] {
  const steps = runs.flatMap((run) => run.steps);
  const kinds = [...Map.groupBy(steps, ({ kind }) => kind)].toSorted(([, a], [, b]) => b.length - a.length);
  const waits = steps.filter(({ kind }) => kind === "waitForEvent");
  const timedOut = waits.filter(({ output }) => output === null).length;
  const sent = sum(steps.map(sentBy));
  const kilobytes = count(JSON.stringify(webhooks).length / 1_024 / webhooks.length);
  const late = runs.flatMap(wakeUpLateness);
  return [
    [
      "Events",
      `${plural(webhooks.length, "webhook")} of ${kilobytes} KB on average, and ${count(sent)} sent by functions`,
    ],
    ["Steps", kinds.map(([kind, some]) => `${count(some.length)} ${kind}`).join(", ")],
    ["Retries", count(sum(runs.map(retries)))],
    ["Waits", `${count(waits.length - timedOut)} got their event, ${count(timedOut)} timed out`],
    [
      "Wake-ups",
      `${plural(late.length, "sleep")}, late by ${time(percentile(late, 0.5))} (p50), ${time(percentile(late, 0.99))} (p99)`,
    ],
  ];
}

function callTable(calls: Usage["calls"]): string[] {
  const sorted = Object.entries(calls).toSorted(([, a], [, b]) => b - a);
  return columns([
    ...sorted.map(([operation, times]) => [operation, count(times)]),
    ["all", count(sum(Object.values(calls)))],
  ]);
}

function costs(runs: readonly RunView[], usage: Usage): [string, string][] {
  return [
    ["DynamoDB", `${count(usage.writeUnits)} write units, ${count(usage.readUnits)} read units`],
    ["Lambda", `${plural(usage.invocations, "invocation")} of the app`],
    [
      "Dollars",
      `${dollars((usage.dollars / runs.length) * 1_000_000)} per million such runs (${dollars(usage.dollars)} for these)`,
    ],
  ];
}

const columnsOfTwo = (rows: readonly [string, string][]) => rows.map(([name, text]) => `${name.padEnd(10)}${text}`);

/** Tries after the first: of the steps, and of the code between them. */
const retries = (run: RunView): number => sum([run.attempts - 1, ...run.steps.map(({ attempts }) => attempts - 1)]);

const sentBy = ({ kind, output }: StepView): number =>
  kind === "sendEvent" && output !== undefined ? (output as { ids: string[] }).ids.length : 0;

const duration = (run: RunView): number => (run.endedAt ?? Date.now()) - run.queuedAt;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
