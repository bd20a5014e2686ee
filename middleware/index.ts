export { dependencyInjectionMiddleware } from "./dependency-injection.ts";
export { type EncryptionOptions, encryptionMiddleware } from "./encryption/encryption.ts";
export type { DataKey, DataKeyProvider } from "./encryption/keys.ts";
export { type KmsClient, type KmsKeyOptions, kmsKeys } from "./encryption/kms.ts";
export {
  type ErrorReport,
  type ErrorReporter,
  type ErrorReportingOptions,
  errorReportingMiddleware,
} from "./error-reporting.ts";
export { type DeterministicIds, deterministicIds } from "./open-telemetry/ids.ts";
export { openTelemetryMiddleware } from "./open-telemetry/open-telemetry.ts";
export type { OpenTelemetryApi, OpenTelemetryOptions, Span, Tracer } from "./open-telemetry/types.ts";
