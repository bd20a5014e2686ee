import type { AiAdapter } from "../types/index.ts";
import { checkModel, keyOf, urlBelow } from "./key.ts";

/** Which model is asked, and how it is reached. */
export interface AnthropicOptions {
  /** For example `claude-sonnet-4-5`. */
  readonly model: string;
  /** The longest answer, in tokens; each request may have its own. @default - 1024 */
  readonly maxTokens?: number;
  /** @default - the environment variable `ANTHROPIC_API_KEY` */
  readonly apiKey?: string;
  /** @default - https://api.anthropic.com/v1/ */
  readonly baseUrl?: string;
  /** Options of each request, such as `temperature`, that its body may override. */
  readonly defaultParameters?: object;
}

/** What a message is asked for with, beside the model. */
export interface AnthropicBody {
  readonly messages: readonly object[];
  readonly [option: string]: unknown;
}

/** What a message answers, as far as it is typed here; all of it is there. */
export interface AnthropicOutput {
  readonly id: string;
  readonly content: readonly { readonly type: string; readonly text?: string; readonly [field: string]: unknown }[];
  readonly stop_reason: string | null;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number };
}

const API_VERSION = "2023-06-01";
const MAX_TOKENS_DEFAULT = 1_024;

/**
 * Messages of Anthropic. Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION` without a model; a step without a key fails with the same
 * code.
 *
 * @example
 * ```ts
 * const model = anthropic({ model: "claude-sonnet-4-5", maxTokens: 300 });
 * const { content } = await step.ai.infer("ask", { model, body: { messages: [{ role: "user", content: "Hello" }] } });
 * ```
 */
export const anthropic = (options: AnthropicOptions): AiAdapter<AnthropicBody, AnthropicOutput> => {
  const model = checkModel(options?.model, "anthropic");
  const { apiKey, baseUrl = "https://api.anthropic.com/v1/", defaultParameters, maxTokens } = options;
  const max_tokens = maxTokens ?? MAX_TOKENS_DEFAULT;
  return {
    model,
    url: urlBelow(baseUrl, "messages", "anthropic"),
    headers: () => ({
      "x-api-key": keyOf(apiKey, "ANTHROPIC_API_KEY", "anthropic"),
      "anthropic-version": API_VERSION,
    }),
    toRequest: (body) => ({ max_tokens, ...defaultParameters, ...body, model }),
  };
};
