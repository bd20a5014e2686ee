import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { type OutgoingSignal, signalEvent } from "../execution/index.ts";
import { type Code, SIGNAL_CHARS_MAX } from "../protocol/index.ts";
import type { SendSignalResult } from "../types/index.ts";
import { checkEventBytes, jsonText } from "./json.ts";
import { type SendingClient, sendChecked } from "./send.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "sendSignal";

/** `client.sendSignal`: the signal goes to the engine by an event of its own, on the way that every event of this client takes. */
export async function sendSignal(
  client: SendingClient,
  given: unknown,
  newId: () => string,
): Promise<SendSignalResult> {
  const checked = checkOutgoingSignal(given, client.id, CODE, WHERE);
  const { ids } = await sendChecked(client, [signalEvent(checked)], newId);
  return { id: ids[0] ?? "" };
}

/** A signal as users give it, checked and copied. `app` is whose runs it is for unless they say so. */
export function checkOutgoingSignal(given: unknown, app: string, code: Code, where: string): OutgoingSignal {
  if (!isRecord(given)) throw badInput(code, where, `must be given { signal, data?, appId? }, got ${quote(given)}.`);
  refuseUnknownKeys(given, ["signal", "data", "appId"], code, where);
  const { data = null, appId = app } = given;
  const signal = checkSignalName(given.signal, code, `${where}: signal`);
  const text = jsonText(data, "data", code, where);
  checkEventBytes([signal, text], undefined, where);
  return { app: checkId(appId, code, `${where}: appId`), signal, data: JSON.parse(text) as unknown };
}

export function checkSignalName(name: unknown, code: Code, where: string): string {
  if (typeof name === "string" && name !== "" && name.length <= SIGNAL_CHARS_MAX && name.isWellFormed()) return name;
  throw badInput(code, where, `must be a text of 1 to ${SIGNAL_CHARS_MAX} characters, got ${quote(name)}.`);
}
