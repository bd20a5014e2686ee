import type { StepMemo } from "../../sdk/protocol/index.ts";

/** Who runs a step in an invocation of its own, and until when unless it is renewed, in milliseconds. */
export interface StepLease {
  readonly owner: string;
  readonly until: number;
}

/** What a refused lease of a step means for the message that asked for it. */
export type StepRefusal =
  | { readonly kind: "won" }
  /** It has its outcome, or is the run's own to run: there is nothing to do but to leave the join. */
  | { readonly kind: "over" }
  | { readonly kind: "busy"; readonly until: number }
  | { readonly kind: "dead"; readonly lease: StepLease }
  | { readonly kind: "resting"; readonly until: number }
  | { readonly kind: "again" };

/** Decides from what is stored, never from the answer of a conditional write: the reply to a write that was applied may be lost. */
export function onRefusedStep(
  stored: { readonly memo: StepMemo; readonly lease?: StepLease } | undefined,
  owner: string,
  now: number,
): StepRefusal {
  if (stored === undefined) return { kind: "again" };
  const { memo, lease } = stored;
  if (memo.outcome !== undefined || memo.inline === true) return { kind: "over" };
  if (lease?.owner === owner) return { kind: "won" };
  if (lease !== undefined) return lease.until < now ? { kind: "dead", lease } : { kind: "busy", until: lease.until };
  return memo.until !== undefined && memo.until > now ? { kind: "resting", until: memo.until } : { kind: "again" };
}
