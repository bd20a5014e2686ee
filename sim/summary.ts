import type { Finding } from "../audit/index.ts";
import type { Report } from "./task.ts";

export interface Failure {
  readonly workload: string;
  readonly seed: number;
  readonly findings: readonly Finding[];
}

/** What all stories of a command came to. */
export interface Summary {
  readonly seeds: number;
  readonly runs: number;
  readonly calls: number;
  /** By workload. */
  readonly stories: Readonly<Record<string, number>>;
  /** Faults that struck, by kind. */
  readonly struck: Readonly<Record<string, number>>;
  /** Stories in which nothing went wrong at all. */
  readonly calm: number;
  /** Stories in which the sweeper was needed. */
  readonly swept: number;
  /** Those of them in which several faults met: all, or a law is broken. */
  readonly sweptAfterSeveral: number;
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

export function summarize(reports: readonly Report[], seconds: number): Summary {
  const total = (of: (report: Report) => number) => reports.reduce((sum, report) => sum + of(report), 0);
  const inOrder = reports.toSorted((a, b) => a.seed - b.seed);
  return {
    seeds: reports.length,
    runs: total(({ runs }) => runs),
    calls: total(({ calls }) => calls),
    stories: counts(reports.map(({ workload }) => [workload, 1])),
    struck: counts(reports.flatMap(({ struck }) => Object.entries(struck))),
    calm: total(({ struck }) => (Object.keys(struck).length === 0 ? 1 : 0)),
    swept: total(({ swept }) => (swept > 0 ? 1 : 0)),
    sweptAfterSeveral: total(({ swept, severe }) => (swept > 0 && severe > 1 ? 1 : 0)),
    failures: inOrder
      .filter(({ findings }) => findings.length > 0)
      .map(({ workload, seed, findings }) => ({ workload, seed, findings })),
    seconds: Math.round(seconds * 10) / 10,
  };
}

function counts(entries: readonly (readonly [name: string, count: number])[]): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const [name, count] of entries) counted[name] = (counted[name] ?? 0) + count;
  return Object.fromEntries(Object.entries(counted).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How to play it again, and the laws that it breaks. */
export const renderFailure = ({ workload, seed, findings }: Failure): string =>
  `--workload ${workload} --seed ${seed}: ${[...new Set(findings.map(({ law }) => law))].join(", ")}`;

export function renderSummary(summary: Summary): string {
  const { seeds, seconds, failures } = summary;
  const list = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "none";
  return [
    `${seeds} seeds in ${seconds} s (${(seeds / Math.max(seconds, 0.1)).toFixed(1)} a second)`,
    `  stories    ${list(summary.stories)}`,
    `  played     ${summary.runs} runs, ${summary.calls} AWS calls`,
    `  faults     ${list(summary.struck)}`,
    `  calm       ${summary.calm} stories in which nothing went wrong`,
    `  sweeper    needed in ${summary.swept} stories, ${summary.sweptAfterSeveral} of them with several faults`,
    ...(failures.length === 0
      ? ["  All laws hold."]
      : [`  ${failures.length} stories broke a law:`, ...failures.map((failure) => `    ${renderFailure(failure)}`)]),
    "",
  ].join("\n");
}
