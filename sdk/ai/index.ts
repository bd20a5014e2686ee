export { type AnthropicBody, type AnthropicOptions, type AnthropicOutput, anthropic } from "./anthropic.ts";
export { type BedrockBody, type BedrockOptions, type BedrockOutput, bedrock } from "./bedrock.ts";
export { type OpenAiBody, type OpenAiOptions, type OpenAiOutput, openai } from "./openai.ts";
