import { setTimeout as pause } from "node:timers/promises";

/**
 * Stands for a call to the world outside, which this example does not make. It takes no time unless `OUTSIDE_MS` says so: the demo with
 * `--crash` lets it, so that there is something under way to be killed.
 */
export async function outside<T>(answer: T): Promise<T> {
  const ms = Number(process.env.OUTSIDE_MS ?? 0);
  if (ms > 0) await pause(ms);
  return answer;
}
