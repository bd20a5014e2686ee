import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { CANCEL_REASON_CHARS_MAX, EVENT_CANCEL_REQUEST } from "../protocol/index.ts";
import { isUlid } from "./ids.ts";
import { type SendingClient, sendChecked } from "./send.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "cancel";

/** `client.cancel`: asks the engine by an event of its own, on the way that every event of this client takes. */
export async function cancel(
  client: SendingClient,
  runId: unknown,
  options: unknown,
  newId: () => string,
): Promise<void> {
  const data = { app: client.id, runId: checkRunId(runId), ...checkOptions(options) };
  await sendChecked(client, [{ name: EVENT_CANCEL_REQUEST, data }], newId);
}

function checkRunId(runId: unknown): string {
  if (isUlid(runId)) return runId;
  const text = `the first argument must be a run's id, such as "01JD7QZ3M8W0V5XKB2T4N6R9PC", got ${quote(runId)}.`;
  throw badInput(CODE, WHERE, text);
}

function checkOptions(options: unknown): { reason?: string } {
  if (options === undefined) return {};
  if (!isRecord(options))
    throw badInput(CODE, WHERE, `the second argument must be { reason? }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["reason"], CODE, WHERE);
  const { reason } = options;
  if (reason === undefined) return {};
  if (typeof reason === "string" && reason.length <= CANCEL_REASON_CHARS_MAX) return { reason };
  const text = `must be a string of at most ${CANCEL_REASON_CHARS_MAX} characters, got ${quote(reason)}.`;
  throw badInput(CODE, `${WHERE}: reason`, text);
}
