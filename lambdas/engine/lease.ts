import type { RunHeader } from "./types.ts";

/** What a refused lease means for the message that asked for it (PROTOCOLS.md §2, step 2). */
export type Refusal =
  | { readonly kind: "won" }
  | { readonly kind: "unknown" }
  | { readonly kind: "ended" }
  | { readonly kind: "keep"; readonly until: number }
  | { readonly kind: "raise"; readonly fence: number }
  | { readonly kind: "again" };

/**
 * Decides from what is stored, never from the answer of a conditional write: the reply to a write that was applied may be lost.
 * The holder's own message and the first waker are kept, so that a crash of the holder is followed by a delivery (L2).
 */
export function onRefusedLease(header: RunHeader | undefined, messageId: string, nonce: string, now: number): Refusal {
  if (header === undefined) return { kind: "unknown" };
  if (header.status !== "active") return { kind: "ended" };
  if (header.owner === nonce) return { kind: "won" };
  if (header.owner === undefined || header.leaseUntil === undefined || header.leaseUntil < now)
    return { kind: "again" };
  if (header.by === messageId || header.guard === messageId) return { kind: "keep", until: header.leaseUntil };
  return { kind: "raise", fence: header.fence };
}
