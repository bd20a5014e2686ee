import type { Finding, Snapshot } from "../audit/contract.ts";

export function auditAtRest({ items, messages = [] }: Snapshot): readonly Finding[] {
  return [
    ...items
      .filter(({ sk, status }) => sk === "header" && status === "active")
      .map(({ runId }) => ({ law: "L3" as const, text: `run ${runId} has not ended`, runId: String(runId) })),
    ...messages.map(({ queue, body }) => ({ law: "L3" as const, text: `a message is left in ${queue}: ${body}` })),
  ];
}
