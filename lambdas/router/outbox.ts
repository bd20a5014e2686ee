import type { World } from "../aws/index.ts";
import type { Outgoing, RouterDeps } from "./deps.ts";

/** Sends what a batch entails, together per queue. Returns what could not be sent: a queue that is gone must not hold up the others. */
export async function sendAll(
  { world, log }: RouterDeps,
  outgoing: readonly Outgoing[],
): Promise<ReadonlySet<Outgoing>> {
  const prompt = Map.groupBy(
    outgoing.filter((entry) => !isDelayed(entry)),
    ({ queueUrl }) => queueUrl,
  );
  const refused = await Promise.all([
    ...[...prompt].map(([queueUrl, entries]) => sendTogether(world, queueUrl, entries)),
    ...outgoing.filter(isDelayed).map((entry) => sendLater(world, entry)),
  ]);
  const failed = new Set(refused.flat());
  for (const { queueUrl, message } of failed)
    log.error("a message could not be sent; what it is from comes back", { queueUrl, runId: message.runId });
  return failed;
}

async function sendTogether(
  world: World,
  queueUrl: string,
  entries: readonly Outgoing[],
): Promise<readonly Outgoing[]> {
  const messages = entries.map(({ message }) => message);
  const refused = new Set(await world.queue.sendToRuns(queueUrl, messages));
  return entries.filter(({ message }) => refused.has(message));
}

async function sendLater(world: World, entry: Outgoing): Promise<readonly Outgoing[]> {
  try {
    await world.queue.sendToRun(entry.queueUrl, entry.message, entry.delaySeconds);
    return [];
  } catch {
    return [entry];
  }
}

const isDelayed = ({ delaySeconds = 0 }: Outgoing): boolean => delaySeconds > 0;
