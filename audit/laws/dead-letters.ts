/** L8: a poison message is kept, and somebody has to look at it. */
import type { Finding } from "../contract.ts";
import type { Facts } from "../facts.ts";

export const deadLetters = ({ deadLetters: letters }: Facts): readonly Finding[] =>
  letters
    .filter(({ redrivenAt }) => redrivenAt === undefined)
    .map(({ sk, reason, queue, runId }) => ({
      law: "L8",
      text: `the message ${sk} of ${String(queue)} could not be handled: ${String(reason)}`,
      ...(runId !== undefined && { runId: String(runId) }),
    }));
