import type { Jsonify } from "./jsonify.ts";
import type { StepContext, StepId } from "./steps.ts";

/** Tokens that a model has used, as far as its response says. */
export interface AiUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
}

type Headers = Readonly<Record<string, string>>;

/** How a model is asked: all that `step.ai.infer` has to know of its provider. `stepwell/ai` has some; any other is such an object. */
export interface AiAdapter<Body = unknown, Output = unknown> {
  /** The model's name, for people. */
  readonly model: string;
  /** Where the request goes, by POST. Stored without its query. */
  readonly url: string | URL;
  /** Sent with the request, and never stored: keys belong here. A function is called for each try. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>);
  /** The JSON that is sent, from the step's `body`. @default - the body as it is */
  readonly toRequest?: (body: Body) => unknown;
  /** Tokens used, from the response. @default - looked for under the names that most providers use */
  readonly usageOf?: (output: Output) => AiUsage | undefined;
}

/** What `step.ai.infer` asks, and whom. */
export interface AiInferOptions<Body, Output> {
  readonly model: AiAdapter<Body, Output>;
  /** What the model is asked, in the form that its adapter takes. JSON. */
  readonly body: Body;
}

/** Steps that call models: the request, the response and the tokens used are in the step, and in the run's view. */
export interface AiTools {
  /**
   * Calls any function, of any AI library, as a step: like `step.run`, and what it was called with is stored beside its result. What is no
   * JSON of that is left out, and all of it if it is over 256 KiB.
   *
   * @example
   * ```ts
   * const { text } = await step.ai.wrap("summarize", generateText, { model, prompt: `Summarize: ${document}` });
   * ```
   */
  wrap<Output>(id: StepId, call: (context: StepContext) => Output): Promise<Jsonify<Awaited<Output>>>;
  wrap<First, Rest extends readonly unknown[], Output>(
    id: StepId,
    call: (first: First, ...rest: Rest) => Output,
    first: First,
    ...rest: Rest
  ): Promise<Jsonify<Awaited<Output>>>;

  /**
   * Asks a model by HTTP as a step, and gives its response as JSON. Busy and failing providers (408, 409, 429, 5xx), and requests without a
   * response, are tried again by the function's `retries`, as their `retry-after` says; other refusals are not.
   *
   * @example
   * ```ts
   * import { anthropic } from "stepwell/ai";
   *
   * const answer = await step.ai.infer("classify", {
   *   model: anthropic({ model: "claude-sonnet-4-5", maxTokens: 200 }),
   *   body: { messages: [{ role: "user", content: event.data.text }] },
   * });
   * ```
   */
  infer<Body, Output>(id: StepId, options: AiInferOptions<Body, Output>): Promise<Jsonify<Output>>;
}
