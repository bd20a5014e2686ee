import type { AiAdapter } from "../types/index.ts";
import { checkModel, keyOf } from "./key.ts";

/** Which model is asked, and how it is reached. */
export interface BedrockOptions {
  /** The id of a model or an inference profile, for example `amazon.nova-lite-v1:0`. */
  readonly model: string;
  /** @default - the environment variable `AWS_REGION`, which Lambda sets; else us-east-1 */
  readonly region?: string;
  /** An API key of Bedrock. @default - the environment variable `AWS_BEARER_TOKEN_BEDROCK` */
  readonly apiKey?: string;
}

/** What Converse is asked with. */
export interface BedrockBody {
  readonly messages: readonly object[];
  readonly [option: string]: unknown;
}

/** What Converse answers, as far as it is typed here; all of it is there. */
export interface BedrockOutput {
  readonly output: {
    readonly message: { readonly role: string; readonly content: readonly { readonly text?: string }[] };
  };
  readonly stopReason: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly totalTokens: number };
}

/**
 * Converse of Amazon Bedrock, with an API key: requests are not signed, so the Lambda's role is of no use here (call the AWS SDK by
 * `step.ai.wrap` for that). Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION` without a model; a step without a key fails with the
 * same code.
 *
 * @example
 * ```ts
 * const model = bedrock({ model: "amazon.nova-lite-v1:0", region: "eu-west-1" });
 * const { output } = await step.ai.infer("ask", { model, body: { messages: [{ role: "user", content: [{ text: "Hello" }] }] } });
 * ```
 */
export const bedrock = (options: BedrockOptions): AiAdapter<BedrockBody, BedrockOutput> => {
  const model = checkModel(options?.model, "bedrock");
  const { apiKey, region = process.env.AWS_REGION ?? "us-east-1" } = options;
  return {
    model,
    url: `https://bedrock-runtime.${region}.amazonaws.com/model/${encodeURIComponent(model)}/converse`,
    headers: () => ({ authorization: `Bearer ${keyOf(apiKey, "AWS_BEARER_TOKEN_BEDROCK", "bedrock")}` }),
  };
};
