/** When a cron fires next. In a file of its own: apps check their crons and never ask, and the library is large. */
import { Cron } from "croner";
import { StepwellError } from "../protocol/index.ts";
import { fieldsOf } from "./cron.ts";
import { toCron } from "./cron-fields.ts";

/**
 * The first time after `after` at which a cron fires, or `undefined` if it never does again. When clocks go forward over a time, there is
 * no such time on that day, and it is skipped, as EventBridge Scheduler does; when they go back over a daily time, it fires once, while a
 * cron with a `*` or a step goes on through both hours.
 *
 * @param cron five fields, without a zone
 * @param timeZone IANA name
 * @param after milliseconds since the epoch, excluded
 * @throws StepwellError `STEPWELL_INVALID_CRON` if the fields do not read
 * @example
 * ```ts
 * nextCron("0 9 * * 1-5", "Europe/Paris", Date.UTC(2027, 0, 1)); // 9 o'clock of that Friday, in Paris
 * ```
 */
export function nextCron(cron: string, timeZone: string, after: number): number | undefined {
  const fields = fieldsOf(cron.trim());
  if (typeof fields === "string") {
    throw new StepwellError("STEPWELL_INVALID_CRON", `The cron ${JSON.stringify(cron)} is refused: ${fields}`);
  }
  const job = new Cron(toCron(fields), { paused: true, mode: "5-part", timezone: timeZone, domAndDow: false });
  let next = job.nextRun(new Date(after));
  // For a time that does not exist, croner names the end of the gap.
  while (next !== null && !job.match(next)) next = job.nextRun(next);
  return next?.getTime();
}
