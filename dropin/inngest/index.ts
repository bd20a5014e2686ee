export { dependencyInjectionMiddleware } from "../../middleware/dependency-injection.ts";
export { anthropic, openai } from "../../sdk/ai/index.ts";
export {
  EventSchemas,
  EventType,
  eventType,
  FunctionReference as InngestFunctionReference,
  fetch,
  type GetFunctionOutput,
  type Logger,
  type MiddlewareOptions,
  NonRetriableError,
  RetryAfterError,
  referenceFunction,
  StepError,
  StepwellError,
  staticSchema,
} from "../../sdk/index.ts";
export { Inngest } from "./client.ts";
export { InngestMiddleware } from "./middleware.ts";
export { internalEvents } from "./names.ts";
export { group, step } from "./scope.ts";
export { cron, invoke } from "./triggers.ts";
export type * from "./types/index.ts";
