import type { Finding, Snapshot } from "./contract.ts";
import { audit, confirmed } from "./index.ts";

export interface Audited {
  /** The last one that was looked at. */
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
}

/**
 * Audits an engine that is moving. A table that is read page by page is no snapshot: a run may have ended between the read of its header and that of
 * its listener. So whatever is found is looked for again in another reading, after a pause, and what both say is reported. An engine in
 * which nothing is found is read once.
 *
 * Both readings are of everything, and not of the items concerned alone: what explains a finding (another run's message, a slot, a lock)
 * may lie anywhere.
 */
export async function auditTwice(read: () => Promise<Snapshot>, pause: () => Promise<void>): Promise<Audited> {
  const before = await read();
  const found = audit(before);
  if (found.length === 0) return { snapshot: before, findings: [] };
  await pause();
  const snapshot = await read();
  return { snapshot, findings: confirmed(found, audit(snapshot)) };
}
