import { type Clock, type RunMessage, StepwellError } from "../../sdk/protocol/index.ts";
import type { DeadLetter } from "../aws/dead-letter-store.ts";
import type { World } from "../aws/index.ts";
import { serves } from "../engine/match.ts";
import { runMessageProblem } from "../engine/message-shapes.ts";
import { parseIngestMessage } from "../router/ingest-message.ts";

/** A dead letter as lists show it. */
export interface DeadLetterView extends Omit<DeadLetter, "body"> {
  /** The queue's name. */
  readonly queue: string;
  /** The body's beginning. */
  readonly beginning: string;
}

/** A part of a list of dead letters, in order of their ids. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetterView[];
  /** The id to go on behind; undefined when there are no more. */
  readonly next: string | undefined;
}

/** What became of a dead letter that was to be sent anew. */
export interface Redriven {
  readonly id: string;
  /**
   * - `sent`: it is on its queue again; with `dryRun`, it would be
   * - `malformed`: nobody could read it (`STEPWELL_INVALID_MESSAGE`)
   * - `notServed`: its function is not deployed (`STEPWELL_FUNCTION_NOT_FOUND`)
   * - `unknown`: there is no such letter
   */
  readonly outcome: "sent" | "malformed" | "notServed" | "unknown";
  /** Where it was sent to: the name of a queue. */
  readonly to?: string;
  readonly runId?: string;
  /** Why it was not sent, and what to do. */
  readonly reason?: string;
}

export interface RedriveQuery {
  readonly env: string;
  /** At most `REDRIVES_AT_ONCE`. */
  readonly ids: readonly string[];
  /** Only tells what would become of them. */
  readonly dryRun?: boolean | undefined;
}

/** Letters that one request sends anew. */
export const REDRIVES_AT_ONCE = 25;
/** Letters of one page. */
const PAGE_SIZE = 100;
const BEGINNING_CHARS = 200;

/** Dead letters: looking at them, and sending them anew from their records (L8). */
export const createDeadLetterApi = (world: World, clock: Clock) => ({
  async list(env: string, after?: string): Promise<DeadLetterPage> {
    const letters = await world.deadLetters.page(env, after, PAGE_SIZE);
    return { letters: letters.map(viewOf), next: letters.at(-1)?.id };
  },

  get: (env: string, id: string): Promise<DeadLetter | undefined> => world.deadLetters.get(env, id),

  /**
   * Sends letters anew, each on its own. Sent first, and marked then: whoever dies in between sends it again, and what comes twice
   * changes nothing (L1).
   *
   * @throws StepwellError `STEPWELL_INVALID_OPTION` when there are too many
   */
  redrive({ env, ids, dryRun = false }: RedriveQuery): Promise<readonly Redriven[]> {
    if (ids.length > REDRIVES_AT_ONCE)
      throw new StepwellError("STEPWELL_INVALID_OPTION", `At most ${REDRIVES_AT_ONCE} dead letters are sent at once.`);
    return Promise.all(ids.map((id) => redriveOne(world, clock, { env, id, dryRun })));
  },
});

async function redriveOne(
  world: World,
  clock: Clock,
  { env, id, dryRun }: { readonly env: string; readonly id: string; readonly dryRun: boolean },
): Promise<Redriven> {
  const letter = await world.deadLetters.get(env, id);
  if (letter === undefined) return { id, outcome: "unknown", reason: `There is no dead letter ${id}.` };
  const run = { ...(letter.runId !== undefined && { runId: letter.runId }) };
  const way = await wayOf(world, letter);
  if (way.outcome !== "sent") return { id, ...run, ...way };
  if (!dryRun) {
    await world.queue.resend(letter.body, way.queueUrl);
    await world.deadLetters.markRedriven(letter, clock.now());
  }
  return { id, ...run, outcome: "sent", to: nameIn(way.queueUrl) };
}

type Way =
  | { readonly outcome: "sent"; readonly queueUrl: string }
  | { readonly outcome: "malformed" | "notServed"; readonly reason: string };

/** Where a letter belongs, told from what it says: the queue that it was taken from may be a dead-letter queue. */
async function wayOf(world: World, { body, cut }: DeadLetter): Promise<Way> {
  if (cut === true) return malformed("it was too large to be kept as a whole. Send it again from where it came");
  const message = runMessageIn(body);
  if (message === undefined) return ingestWay(world, body);
  const app = await world.registry.app(message.env, message.app);
  if (app !== undefined && (message.kind === "pump" || serves(app, message.functionId)))
    return { outcome: "sent", queueUrl: app.queueUrl };
  const address = `${message.app}/${message.functionId}`;
  const reason = `The function "${address}" is not deployed in the environment "${message.env}": deploy it first.`;
  return { outcome: "notServed", reason: `${reason} [STEPWELL_FUNCTION_NOT_FOUND]` };
}

function ingestWay({ queue }: World, body: string): Way {
  try {
    parseIngestMessage(body);
    return { outcome: "sent", queueUrl: queue.ingestQueueUrl };
  } catch (error) {
    if (StepwellError.is(error))
      return malformed(error.message.slice(error.message.indexOf(": ") + 2).replace(/\.$/, ""));
    throw error;
  }
}

const malformed = (problem: string): Way => ({
  outcome: "malformed",
  reason: `It cannot be read: ${problem}. [STEPWELL_INVALID_MESSAGE]`,
});

/** Undefined: it is for the router, or for nobody. */
function runMessageIn(body: string): RunMessage | undefined {
  try {
    const fields = JSON.parse(body) as Record<string, unknown>;
    return fields.stepwell === undefined && runMessageProblem(fields) === undefined
      ? (fields as unknown as RunMessage)
      : undefined;
  } catch {
    // Not JSON, or no object.
    return undefined;
  }
}

const viewOf = ({ body, queue, ...letter }: DeadLetter): DeadLetterView => ({
  ...letter,
  queue: queue.split(":").at(-1) ?? queue,
  beginning: body.slice(0, BEGINNING_CHARS),
});

const nameIn = (queueUrl: string): string => queueUrl.split("/").at(-1) ?? queueUrl;
