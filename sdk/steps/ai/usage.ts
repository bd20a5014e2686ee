import { isRecord } from "../../errors/index.ts";
import type { AiUsage } from "../../types/index.ts";

/** What providers and libraries call it. */
const NAMES: Readonly<Record<keyof AiUsage, readonly string[]>> = {
  inputTokens: ["inputTokens", "input_tokens", "promptTokens", "prompt_tokens", "promptTokenCount"],
  outputTokens: ["outputTokens", "output_tokens", "completionTokens", "completion_tokens", "candidatesTokenCount"],
  totalTokens: ["totalTokens", "total_tokens", "totalTokenCount"],
};

/** Tokens used, as far as a response says so in a way that is known. */
export function usageIn(output: unknown): AiUsage | undefined {
  if (!isRecord(output)) return undefined;
  const said = output.usage ?? output.usageMetadata;
  if (!isRecord(said)) return undefined;
  const counts = Object.entries(NAMES).flatMap(([name, known]) => {
    const count = known.map((theirs) => said[theirs]).find((value) => typeof value === "number");
    return count === undefined ? [] : [[name, count]];
  });
  return counts.length === 0 ? undefined : (Object.fromEntries(counts) as AiUsage);
}
