import type { RunView, StepView } from "stepwell";
import { columns, time } from "./format.ts";
import { latenessOf } from "./wake-ups.ts";

const BAR_CHARS = 32;

/** A run step by step: when each began after the run was queued, a bar that shows when it was under way, and what came of it. */
export function timelineOf(run: RunView): string[] {
  const end = run.endedAt ?? Math.max(...run.steps.map((step) => step.endedAt ?? step.startedAt));
  const table = columns([
    ...run.steps.map((step) => [step.id, step.kind, `+${seconds(step.startedAt - run.queuedAt)}`, took(step)]),
  ]);
  return run.steps.map((step, i) => `${table[i]}  ${bar(step, run.queuedAt, end)}  ${remark(step, run)}`.trimEnd());
}

function bar(step: StepView, from: number, to: number): string {
  const place = (at: number) => Math.floor(((at - from) / Math.max(1, to - from)) * (BAR_CHARS - 1));
  const first = place(step.startedAt);
  const last = Math.min(BAR_CHARS - 1, Math.max(first, place(step.endedAt ?? to)));
  const ink = step.kind === "run" || step.kind === "sendEvent" ? "█" : "░";
  return `│${" ".repeat(first)}${ink.repeat(last - first + 1)}${" ".repeat(BAR_CHARS - 1 - last)}│`;
}

function remark(step: StepView, run: RunView): string {
  if (step.attempts > 1) return `${step.attempts} tries`;
  if (step.status === "failed") return step.error?.message ?? "failed";
  if (step.kind === "waitForEvent") return step.output === null ? "timed out" : `got ${eventName(step.output)}`;
  const late = latenessOf(step, run);
  return late === undefined ? "" : `woke ${time(late)} late`;
}

const eventName = (event: unknown): string => (event as { name: string }).name;

const took = (step: StepView): string =>
  step.endedAt === undefined ? step.status : time(step.endedAt - step.startedAt);

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
