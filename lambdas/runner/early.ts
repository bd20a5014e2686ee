/** Timers that come before their time. */
import { IN_PLACE_SLEEP_MS_MAX, type RunMessage, SQS_DELAY_SECONDS_MAX } from "../../sdk/protocol/index.ts";
import type { RunnerDeps } from "./deps.ts";

/**
 * Sends the message of a timer that has come early, by this process's clock, once more for the rest of its time: it is spent, and its run
 * may not look for it (L3). A process that is behind may not even have come to the step that waits for it. Up to a second, by which clocks
 * differ, is waited for in place. Returns whether it was sent. In steps of a queue's delay, whatever brought it: a schedule's name may be
 * taken for a while.
 */
export async function putOff({ world, clock, binding }: RunnerDeps, message: RunMessage): Promise<boolean> {
  const at = timeOf(message);
  const rest = at === undefined ? 0 : at - clock.now();
  if (rest <= 0) return false;
  if (rest <= IN_PLACE_SLEEP_MS_MAX) {
    await new Promise<void>((resolve) => clock.pause(clock.now() + rest, resolve));
    return false;
  }
  const seconds = Math.min(SQS_DELAY_SECONDS_MAX, Math.ceil(rest / 1_000));
  await world.queue.sendToRun(binding.runQueueUrl, message, seconds);
  return true;
}

function timeOf(message: RunMessage): number | undefined {
  if (message.kind === "resolve" || message.kind === "step") return message.at;
  return message.kind === "wake" ? message.timer?.at : undefined;
}
