import type { AiAdapter } from "../types/index.ts";
import { checkModel, keyOf, urlBelow } from "./key.ts";

/** Which model is asked, and how it is reached. */
export interface OpenAiOptions {
  /** For example `gpt-5-mini`. */
  readonly model: string;
  /** @default - the environment variable `OPENAI_API_KEY` */
  readonly apiKey?: string;
  /** Of any service with the same API. @default - https://api.openai.com/v1/ */
  readonly baseUrl?: string;
  /** Options of each request, such as `temperature`, that its body may override. */
  readonly defaultParameters?: object;
}

/** What a chat completion is asked with, beside the model. */
export interface OpenAiBody {
  readonly messages: readonly object[];
  readonly [option: string]: unknown;
}

/** What a chat completion answers, as far as it is typed here; all of it is there. */
export interface OpenAiOutput {
  readonly id: string;
  readonly choices: readonly {
    readonly message: {
      readonly role: string;
      readonly content: string | null;
      readonly tool_calls?: readonly unknown[];
    };
    readonly finish_reason: string;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

/**
 * Chat completions of OpenAI, and of services that speak as it does. Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION` without a
 * model; a step without a key fails with the same code.
 *
 * @example
 * ```ts
 * const model = openai({ model: "gpt-5-mini" });
 * const { choices } = await step.ai.infer("ask", { model, body: { messages: [{ role: "user", content: "Hello" }] } });
 * ```
 */
export const openai = (options: OpenAiOptions): AiAdapter<OpenAiBody, OpenAiOutput> => {
  const model = checkModel(options?.model, "openai");
  const { apiKey, baseUrl = "https://api.openai.com/v1/", defaultParameters } = options;
  return {
    model,
    url: urlBelow(baseUrl, "chat/completions", "openai"),
    headers: () => ({ authorization: `Bearer ${keyOf(apiKey, "OPENAI_API_KEY", "openai")}` }),
    toRequest: (body) => ({ ...defaultParameters, ...body, model }),
  };
};
