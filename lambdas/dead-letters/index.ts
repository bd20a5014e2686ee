import middy from "@middy/core";
import type { LogSink } from "../../sdk/execution/contract.ts";
import type { Clock, RunMessage } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import { DEFAULT_ENVIRONMENT, LOGGED } from "../contract.ts";
import { serves } from "../engine/match.ts";
import { type Door, type Kept, type SqsEvent, type SqsRecord, sqsBatch } from "../middleware/sqs-batch.ts";

export interface DeadLetterDeps {
  readonly world: World;
  readonly clock: Clock;
  readonly log: LogSink;
}

/**
 * The consumer of the dead-letter queues (L8): keeps a record with the payload and the reason, notes it on the run, and wakes the run
 * afresh. A run whose crashes have used up its tries is failed by its own runner then, with its tail.
 */
export const createDeadLetters =
  (deps: DeadLetterDeps) =>
  async ({ Records }: SqsEvent): Promise<Kept> => {
    const kept = await Promise.all(Records.map((record) => keepOnError(deps, record)));
    return new Set(kept.filter((id) => id !== undefined));
  };

/** The consumer as a Lambda handler. */
export const deadLettersHandler = (deps: DeadLetterDeps): Door =>
  middy(createDeadLetters(deps)).use(sqsBatch()) as unknown as Door;

async function keepOnError(deps: DeadLetterDeps, record: SqsRecord): Promise<string | undefined> {
  try {
    await bury(deps, record);
    return undefined;
  } catch (error) {
    deps.log.error("a dead letter could not be recorded and comes back", { error: String(error) });
    return record.messageId;
  }
}

async function bury({ world, clock, log }: DeadLetterDeps, record: SqsRecord): Promise<void> {
  const message = runMessageIn(record.body);
  const reason =
    "It was received as often as the queue allows, and never acknowledged. The logs of these times tell why.";
  const letter = {
    id: record.messageId,
    env: message?.env ?? DEFAULT_ENVIRONMENT,
    queue: record.eventSourceARN,
    reason,
    body: record.body,
    at: clock.now(),
    ...(message && { runId: message.runId }),
  };
  log.error(LOGGED.deadLetter, { ...letter, body: undefined });
  await world.deadLetters.put(letter);
  if (message === undefined) return;
  const header = await world.runs.header(message);
  if (header !== undefined && header.status !== "active") return;
  // Only a start brings a run into being; anything else about one that is not there would come back for ever.
  if (header === undefined && message.kind !== "start") return;
  if (header !== undefined) await world.runs.note(message, `dead letter ${letter.id}: ${reason}`);
  const app = await world.registry.app(message.env, message.app);
  // The sweeper wakes a run that rests once its function is deployed again; it does not find one that was on its way, or queued.
  const isFound = header?.parked !== undefined && header.parked !== "queued";
  const rests = isFound && app !== undefined && !serves(app, message.functionId);
  if (app !== undefined && !rests) await world.queue.sendToRun(app.queueUrl, message);
}

function runMessageIn(body: string): RunMessage | undefined {
  try {
    const message = JSON.parse(body) as Partial<RunMessage>;
    return typeof message.runId === "string" && typeof message.app === "string" ? (message as RunMessage) : undefined;
  } catch {
    // Not JSON: the record has its body.
    return undefined;
  }
}
