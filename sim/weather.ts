/** Brings a plan's weather to a stage: what strikes calls, messages and clocks. */
import type { LocalAws } from "../local/aws.ts";
import { currentInvocation } from "../local/invocation.ts";
import type { Clock } from "../sdk/protocol/index.ts";
import { runOfCall } from "./call-name.ts";
import { chanceOf } from "./chance.ts";
import type { Struck } from "./contract.ts";
import type { Fault, Surroundings } from "./faults.ts";
import { type Mail, messageName } from "./mail.ts";
import { CALL_KINDS, drawnBackoff, drawnStrike, type Plan, skewOf } from "./plan.ts";
import { Schedule } from "./schedule.ts";

/** What comes between the doors and AWS. */
export const between = (plan: Plan, { activity }: LocalAws): Pick<Surroundings, "schedule" | "chance" | "backoff"> => ({
  schedule: new Schedule(activity, (name) => (plan.order === "drawn" ? chanceOf(plan.seed, `order ${name}`) : 0)),
  chance: ({ name, nth, invocation }) =>
    drawnStrike(plan, invocation.functionName.endsWith("-sweeper") ? SWEEPER_KINDS : CALL_KINDS, name, nth),
  backoff: ({ name, nth }, kind) => drawnBackoff(plan, kind, name, nth),
});

/** An index that lags comes first: it is what strikes the sweeper most. */
const SWEEPER_KINDS = ["stale", ...CALL_KINDS] as const;

/** The post, and a note of what it did. */
export function mailOf(plan: Plan, onStrike: (struck: Struck) => void): Mail {
  const sent = new Map<string, number>();
  return (_, body) => {
    const name = messageName(body);
    const nth = (sent.get(name) ?? 0) + 1;
    sent.set(name, nth);
    const msOf = (kind: "late" | "duplicate") => {
      const told = plan.weather.faults.find((fault) => fault.kind === kind && isAt(fault, name, nth));
      const strike = told ?? drawnStrike(plan, [kind], name, nth);
      if (strike === undefined) return undefined;
      const { ms = 0 } = strike;
      const runId = runOfCall(name);
      onStrike({ kind, at: name, nth, ms, ...(runId !== undefined && { runId }) });
      return ms;
    };
    const [late, again] = [msOf("late"), msOf("duplicate")];
    return [late ?? 0, ...(again === undefined ? [] : [again])];
  };
}

const isAt = ({ at }: Fault, name: string, nth: number): boolean =>
  typeof at === "object" && at.name === name && at.nth === nth;

/** Each process reads a clock of its own. */
export function skewed(plan: Plan, clock: Clock): Clock {
  if (plan.weather.skewMs === 0) return clock;
  const skew = () => {
    const invocation = currentInvocation();
    return invocation === undefined ? 0 : skewOf(plan, invocation.id);
  };
  return {
    ...clock,
    now: () => clock.now() + skew(),
    at: (time, task) => clock.at(time - skew(), task),
    pause: (time, task) => clock.pause(time - skew(), task),
  };
}
