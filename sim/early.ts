/** Timers that come before their time: what is asked of AWS is rewritten on its way. */
import { bodyText, type Request } from "./call-name.ts";

type Input = Readonly<Record<string, unknown>>;
/** Asks for an earlier time. Undefined: it is no timer. */
type Bring = (input: Input, ms: number, now: number) => Input | undefined;

/** A one-time schedule, but not one of a cron. */
const schedule: Bring = (input, ms, now) => {
  const [, at] = /^at\((.+)\)$/.exec(String(input.ScheduleExpression)) ?? [];
  if (at === undefined) return undefined;
  const earlier = Math.max(now + 1_000, Date.parse(`${at}Z`) - ms);
  return { ...input, ScheduleExpression: `at(${new Date(earlier).toISOString().slice(0, 19)})` };
};

/** The timeout of a wait machine's execution, which is at least a second. */
const execution: Bring = (input, ms) => {
  const given = JSON.parse(String(input.input)) as { readonly timeoutSeconds: number };
  const timeoutSeconds = Math.max(1, given.timeoutSeconds - Math.ceil(ms / 1_000));
  return { ...input, input: JSON.stringify({ ...given, timeoutSeconds }) };
};

/** What a queue holds back. */
const message: Bring = ({ DelaySeconds: seconds, ...input }, ms) => {
  if (typeof seconds !== "number") return undefined;
  return { ...input, DelaySeconds: Math.max(0, seconds - Math.ceil(ms / 1_000)) };
};

const TIMERS: readonly (readonly [name: RegExp, bring: Bring])[] = [
  [/^POST \/schedules\//, schedule],
  [/^StartExecution /, execution],
  [/^SendMessage /, message],
];

/**
 * The same request for a timer that comes so much earlier, in milliseconds, but not before `now`. Undefined: no timer is asked for.
 * @param name of the call
 */
export function broughtForward(name: string, request: Request, ms: number, now: number): Request | undefined {
  const bring = TIMERS.find(([its]) => its.test(name))?.[1];
  const input = bring?.(JSON.parse(bodyText(request.body)) as Input, ms, now);
  return input && { ...request, headers: { ...request.headers }, body: JSON.stringify(input) };
}
