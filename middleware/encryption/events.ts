import { isRecord } from "../../sdk/errors/index.ts";
import { isSealed, seal, unseal } from "./cipher.ts";
import type { DataKeyProvider } from "./keys.ts";

/** What of an event's data is encrypted: all of it, one field, or nothing. */
export type EventScope = "data" | "nothing" | { readonly field: string };

/** The data of an event that is sent. What is encrypted already stays as it is. */
export async function sealData(data: unknown, scope: EventScope, keys: DataKeyProvider): Promise<unknown> {
  if (scope === "nothing" || !isRecord(data) || isSealed(data)) return data;
  if (scope === "data") return seal(data, keys);
  const { field } = scope;
  const value = data[field];
  return value === undefined || isSealed(value) ? data : { ...data, [field]: await seal(value, keys) };
}

/**
 * An event as the code is to get it: its data, or fields of its data, decrypted wherever they are encrypted, whatever is encrypted today.
 * The events and the result in an event about another run are decrypted too.
 */
export async function unsealEvent<E>(event: E, keys: DataKeyProvider): Promise<E> {
  if (!isRecord(event)) return event;
  const data = await unsealFields(event.data, keys);
  const isAboutRun = String(event.name).startsWith("stepwell/function.") && isRecord(data) && "run_id" in data;
  const whole = isAboutRun ? await unsealCause(data, keys) : data;
  return whole === event.data ? event : { ...event, data: whole };
}

async function unsealFields(data: unknown, keys: DataKeyProvider): Promise<unknown> {
  if (isSealed(data)) return unseal(data, keys);
  if (!isRecord(data)) return data;
  const sealed = Object.entries(data).filter(([, value]) => isSealed(value));
  if (sealed.length === 0) return data;
  const open = sealed.map(async ([field, value]) => [field, isSealed(value) && (await unseal(value, keys))] as const);
  return { ...data, ...Object.fromEntries(await Promise.all(open)) };
}

async function unsealCause(data: Record<string, unknown>, keys: DataKeyProvider): Promise<Record<string, unknown>> {
  const { event, events } = data;
  const each = Array.isArray(events) ? events.map((one: unknown) => unsealEvent(one, keys)) : [];
  return { ...data, event: await unsealEvent(event, keys), events: await Promise.all(each) };
}
