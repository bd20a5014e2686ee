import middy from "@middy/core";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { buryRecord } from "../aws/bury.ts";
import { oneByOne } from "../aws/one-by-one.ts";
import { DEFAULT_ENVIRONMENT } from "../contract.ts";
import { type Door, type Kept, type SqsEvent, type SqsRecord, sqsBatch } from "../middleware/sqs-batch.ts";
import type { Outgoing, Routed, RouterDeps, RouterOptions } from "./deps.ts";
import { parseIngestMessage } from "./ingest-message.ts";
import { type LinedUp, lineUp } from "./line-up.ts";
import { sendAll } from "./outbox.ts";
import { routeEngineMessage } from "./route-engine-message.ts";
import { routeEvent } from "./route-event.ts";

const NOTHING: Routed = { send: [] };

/**
 * The router: everything on the ingest queue, in batches. Each message is routed on its own; starts under concurrency limits are lined up;
 * what they all entail is sent together, and only then is anything cleaned up. A message that failed comes back, its neighbours are done.
 */
export const createRouter = (options: RouterOptions) => {
  const deps: RouterDeps = { ...options, inTurn: oneByOne() };
  return async ({ Records }: SqsEvent): Promise<Kept> => {
    const routed = await Promise.all(Records.map((record) => routeOrKeep(deps, record)));
    const linedUp = await lineUp(
      deps,
      routed.flatMap((result) => (result === "keep" ? [] : result.send)),
    );
    const unsent = await sendAll(deps, [...linedUp.values()].filter(isMessage));
    const isOut = (entry: Outgoing) => {
      const become = linedUp.get(entry);
      return become !== undefined && become !== "failed" && !(isMessage(become) && unsent.has(become));
    };
    const isDone = await Promise.all(
      routed.map((result) => result !== "keep" && result.send.every(isOut) && cleanUp(deps, result)),
    );
    return new Set(Records.flatMap(({ messageId }, i) => (isDone[i] ? [] : [messageId])));
  };
};

const isMessage = (linedUp: LinedUp): linedUp is Outgoing => typeof linedUp === "object";

/** The router as a Lambda handler. */
export const routerHandler = (options: RouterOptions): Door =>
  middy(createRouter(options)).use(sqsBatch()) as unknown as Door;

async function routeOrKeep(deps: RouterDeps, record: SqsRecord): Promise<Routed | "keep"> {
  try {
    const message = parseIngestMessage(record.body);
    return await (message.kind === "event"
      ? routeEvent(deps, message.event)
      : routeEngineMessage(deps, message.message));
  } catch (error) {
    if (StepwellError.is(error) && error.code === "STEPWELL_INVALID_MESSAGE") return buryOrKeep(deps, record, error);
    deps.log.error("a message could not be routed and comes back", {
      messageId: record.messageId,
      error: String(error),
    });
    return "keep";
  }
}

/** No delivery will make it readable: it is a dead letter at once. */
async function buryOrKeep(deps: RouterDeps, record: SqsRecord, error: StepwellError): Promise<Routed | "keep"> {
  const buried = await buryRecord(deps, record, { env: DEFAULT_ENVIRONMENT, reason: error.message });
  return buried ? NOTHING : "keep";
}

/** False: the message comes back, since nobody else would clean up after it; all that it entails may be done twice. */
async function cleanUp({ log }: RouterDeps, { after }: Routed): Promise<boolean> {
  try {
    await after?.();
    return true;
  } catch (error) {
    log.warn("cleaning up after a message failed; it comes back", { error: String(error) });
    return false;
  }
}
