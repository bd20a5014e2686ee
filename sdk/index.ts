export { type AnyClient, type ClientOptions, Stepwell } from "./client/index.ts";
export { Backoff, type BackoffOptions, NonRetriableError, RetryAfterError, StepError } from "./errors/index.ts";
export { type AnyFunction, FunctionReference, referenceFunction, StepwellFunction } from "./functions/index.ts";
export {
  type AnyMiddleware,
  type EventPayload,
  type FunctionRunArgs,
  type FunctionRunHooks,
  type MaybePromise,
  type MiddlewareContext,
  type MiddlewareHooks,
  type MiddlewareInitArgs,
  type MiddlewareOptions,
  type RunResult,
  type SendEventHooks,
  type StepData,
  StepwellMiddleware,
  type TransformedInput,
  type TransformInputArgs,
  type TriedStep,
} from "./middleware/index.ts";
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
export {
  CreatedEvent,
  type EventIssue,
  EventSchemaError,
  EventSchemas,
  EventType,
  type EventTypeOptions,
  eventType,
  type FromSchemaOptions,
  staticSchema,
} from "./schemas/index.ts";
export { fetch } from "./steps/index.ts";
export type * from "./types/index.ts";
