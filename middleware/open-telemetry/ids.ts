import { createHash, randomBytes } from "node:crypto";

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Ids of spans: those of Stepwell's own follow from what they are about, all others are random. */
export interface DeterministicIds {
  generateTraceId(): string;
  generateSpanId(): string;
  /** Starts one span with these ids. */
  once<T>(ids: { readonly traceId: string; readonly spanId: string }, start: () => T): T;
}

/**
 * Makes the ids of a tracer provider: hand it to the provider as its `idGenerator`, and to `openTelemetryMiddleware`.
 *
 * @example
 * ```ts
 * const ids = deterministicIds();
 * const provider = new BasicTracerProvider({ idGenerator: ids, spanProcessors: [new BatchSpanProcessor(exporter)] });
 * ```
 */
export function deterministicIds(): DeterministicIds {
  let next: { readonly traceId: string; readonly spanId: string } | undefined;
  return {
    generateTraceId: () => next?.traceId ?? randomBytes(TRACE_ID_BYTES).toString("hex"),
    generateSpanId: () => next?.spanId ?? randomBytes(SPAN_ID_BYTES).toString("hex"),
    once: (ids, start) => {
      next = ids;
      try {
        return start();
      } finally {
        next = undefined;
      }
    },
  };
}

/** All of a run is one trace. */
export const traceIdOf = (runId: string): string => hex(`trace ${runId}`, TRACE_ID_BYTES);

/** The run's own span. */
export const runSpanIdOf = (runId: string): string => hex(`run ${runId}`, SPAN_ID_BYTES);

/** One try of a step. */
export const stepSpanIdOf = (key: string, attempt: number): string => hex(`step ${key} ${attempt}`, SPAN_ID_BYTES);

const hex = (text: string, bytes: number): string =>
  createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 2 * bytes);
