export { type AnyClient, type ClientOptions, Stepwell } from "./client/index.ts";
export { Backoff, type BackoffOptions, NonRetriableError, RetryAfterError, StepError } from "./errors/index.ts";
export { type AnyFunction, FunctionReference, referenceFunction, StepwellFunction } from "./functions/index.ts";
export {
  type CancelCause,
  CODES,
  type Code,
  type RunStatus,
  type RunSummary,
  type RunView,
  type SerializedError,
  type SkipCount,
  type SkipCounts,
  type SkippedEvent,
  type SlotHolder,
  type StepStatus,
  type StepView,
  StepwellError,
  type WaitingFor,
  type WaitingForSlot,
} from "./protocol/index.ts";
export { fetch } from "./steps/index.ts";
export type * from "./types/index.ts";
export { EventSchemas } from "./types/index.ts";
