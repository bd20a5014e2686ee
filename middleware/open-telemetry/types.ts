import type { DeterministicIds } from "./ids.ts";

/** What is needed of a span of OpenTelemetry. */
export interface Span {
  spanContext(): { readonly traceId: string; readonly spanId: string };
  isRecording(): boolean;
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(exception: Error | string): void;
  end(endTime?: number): void;
}

/** What is needed of a tracer of OpenTelemetry. */
export interface Tracer {
  startSpan(
    name: string,
    options: { root?: boolean; startTime?: number; attributes: Record<string, string | number> },
    context?: object,
  ): Span;
}

/** What is needed of the module `@opentelemetry/api`. */
export interface OpenTelemetryApi {
  readonly ROOT_CONTEXT: object;
  readonly context: { with<T>(context: object, run: () => T): T };
  readonly trace: {
    setSpan(context: object, span: Span): object;
    setSpanContext(context: object, spanContext: { traceId: string; spanId: string; traceFlags: number }): object;
  };
}

/** Options of `openTelemetryMiddleware`. */
export interface OpenTelemetryOptions {
  /** The module: `import * as api from "@opentelemetry/api"`. */
  readonly api: OpenTelemetryApi;
  /** Of a provider whose `idGenerator` is `ids`. */
  readonly tracer: Tracer;
  readonly ids: DeterministicIds;
}
