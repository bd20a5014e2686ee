import type { World } from "../aws/index.ts";
import type { Outgoing } from "./deps.ts";

/** Messages of a batch, sent together per queue. */
export async function sendAll(world: World, outgoing: readonly Outgoing[]): Promise<void> {
  const delayed = outgoing.filter(isDelayed);
  const prompt = Map.groupBy(
    outgoing.filter((entry) => !isDelayed(entry)),
    ({ queueUrl }) => queueUrl,
  );
  await Promise.all([
    ...[...prompt].map(([queueUrl, entries]) =>
      world.queue.sendToRuns(
        queueUrl,
        entries.map(({ message }) => message),
      ),
    ),
    ...delayed.map(({ queueUrl, message, delaySeconds }) => world.queue.sendToRun(queueUrl, message, delaySeconds)),
  ]);
}

const isDelayed = ({ delaySeconds = 0 }: Outgoing): boolean => delaySeconds > 0;
