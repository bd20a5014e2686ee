export {
  EventSchemas,
  FunctionReference as InngestFunctionReference,
  type GetFunctionOutput,
  type Logger,
  NonRetriableError,
  RetryAfterError,
  referenceFunction,
  StepError,
  StepwellError,
} from "../../sdk/index.ts";
export { Inngest } from "./client.ts";
export { internalEvents } from "./names.ts";
export { step } from "./scope.ts";
export { cron } from "./triggers.ts";
export type * from "./types/index.ts";
