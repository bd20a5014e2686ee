/** L2 and L9: a resolution wakes its run, and a run that rests rests for something. */
import { isWait } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import { type Facts, functionOf, isActive, isHeld, type KnownRun, nameOf, type Step } from "../facts.ts";
import { isUnderWay, unless } from "../under-way.ts";

/** Workers and the router read their own clocks. In milliseconds. */
const SKEW_MS = 5_000;

export const lostWakeUps = (facts: Facts): readonly Finding[] =>
  facts.runs.filter(isActive).flatMap((run) => {
    const { env, app, runId, header } = run;
    if (isHeld(run) || (header.parked !== "sleeping" && header.parked !== "waiting")) return [];
    const wake = { env, app, functionId: header.functionId, runId };
    const findings = [...unseen(facts, run), ...idle(facts, run)];
    return findings.flatMap((finding) => unless(isUnderWay(facts, run), { ...finding, runId, wake }));
  });

/**
 * A result that the code has not been given: it has come from outside while other operations were open, and has no place in the order
 * of results. A result that came alone needs no place.
 */
function unseen(facts: Facts, run: KnownRun): readonly Finding[] {
  const { header, env, app } = run;
  const today = functionOf(facts, { env, app, functionId: header.functionId });
  // Of steps that a deploy has taken away nobody asks.
  if (today !== undefined && header.codeVersion !== today.codeVersion) return [];
  return run.steps
    .filter((step) => isFromOutside(step) && run.steps.some((other) => isBeside(other, step, facts.now)))
    .map((step) => ({
      law: "L2",
      text: `${nameOf(run)} rests, and its step ${step.id} has been resolved by ${step.by}`,
    }));
}

const isFromOutside = ({ kind, outcome, order, by }: Step): boolean =>
  (isWait(kind) || kind === "invoke") &&
  outcome !== undefined &&
  order === undefined &&
  by !== undefined &&
  by !== "race";

/** Open before the other's end, and still. */
const isBeside = (step: Step, { endedAt = 0 }: Step, now: number): boolean =>
  step.outcome === undefined &&
  step.startedAt < endedAt - SKEW_MS &&
  !(step.kind === "sleep" && (step.until ?? 0) <= now);

/** Nothing is open, and no try of the handler is ahead. */
function idle({ now }: Facts, run: KnownRun): readonly Finding[] {
  const { header, steps } = run;
  const isOpen = steps.some(({ outcome }) => outcome === undefined);
  if (isOpen || (header.retryAt ?? 0) > now - SKEW_MS) return [];
  return [{ law: "L9", text: `${nameOf(run)} is ${header.parked}, and has nothing open to wait for` }];
}
