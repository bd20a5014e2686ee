import type { AuditOptions, Finding, Snapshot } from "./contract.ts";
import { factsOf } from "./facts.ts";
import { buckets } from "./laws/buckets.ts";
import { deadLetters } from "./laws/dead-letters.ts";
import { ended } from "./laws/ended.ts";
import { lostWakeUps } from "./laws/lost-wake-ups.ts";
import { memos } from "./laws/memos.ts";
import { once } from "./laws/once.ts";
import { rest } from "./laws/rest.ts";
import { signals } from "./laws/signals.ts";
import { slots } from "./laws/slots.ts";
import { tries } from "./laws/tries.ts";
import { waits } from "./laws/waits.ts";
import { wakeUps } from "./laws/wake-ups.ts";

const LAWS_IN_FORCE = [
  rest,
  once,
  lostWakeUps,
  wakeUps,
  buckets,
  tries,
  slots,
  ended,
  waits,
  signals,
  deadLetters,
  memos,
];

/**
 * Judges a snapshot by the laws of ARCHITECTURE.md. What a message on its way, a lease or the grace of two minutes explains is no finding.
 *
 * A snapshot whose parts were read one after another is none: confirm what it shows by another one (`confirmed`).
 *
 * @example
 * ```ts
 * const findings = audit(await readSnapshot(reader), { atRest: true });
 * ```
 */
export function audit(snapshot: Snapshot, options: AuditOptions = {}): readonly Finding[] {
  const facts = factsOf(snapshot, options);
  return LAWS_IN_FORCE.flatMap((law) => law(facts));
}

/**
 * What two audits say, some seconds apart: a run that has gone on between the reads of the first looks odd to it, and not to the second. Texts name
 * fences, tries and steps, so that a run which is caught twice in the middle of something is caught in another one.
 */
export function confirmed(first: readonly Finding[], second: readonly Finding[]): readonly Finding[] {
  const said = new Set(first.map(({ law, text }) => `${law} ${text}`));
  return second.filter(({ law, text }) => said.has(`${law} ${text}`));
}

export type { AuditOptions, Finding, Item, Law, QueuedMessage, Snapshot } from "./contract.ts";
