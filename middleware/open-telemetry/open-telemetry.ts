import { badInput, isRecord, quote, refuseUnknownKeys } from "../../sdk/errors/index.ts";
import { type FunctionRunArgs, StepwellMiddleware, type TriedStep } from "../../sdk/middleware/index.ts";
import { isError } from "../../sdk/protocol/index.ts";
import { runSpanIdOf, stepSpanIdOf, traceIdOf } from "./ids.ts";
import type { OpenTelemetryOptions, Span } from "./types.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "openTelemetryMiddleware";
const SAMPLED = 1;
const STATUS_ERROR = 2;
/** Of a run's id, which begins with its event's time. */
const ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_TIME_CHARS = 10;

/**
 * Spans of OpenTelemetry: one for each try of a step's body, active while the body runs, and one for the run, from its event to its end.
 * A run is one trace, over all its invocations. The ids follow from run, step and try, and a replay runs no body: nothing is there twice.
 *
 * Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION`, naming the option; at the first span, if the tracer's provider does not take its
 * ids from `ids`. The run's span is made when it has ended: not of a run that was cancelled, or whose process died just then.
 *
 * @example
 * ```ts
 * import * as api from "@opentelemetry/api";
 *
 * const ids = deterministicIds();
 * const provider = new BasicTracerProvider({ idGenerator: ids, spanProcessors: [new BatchSpanProcessor(exporter)] });
 * const tracing = openTelemetryMiddleware({ api, tracer: provider.getTracer("shop"), ids });
 * const stepwell = new Stepwell({ id: "shop", middleware: [tracing] });
 * ```
 */
export function openTelemetryMiddleware(options: OpenTelemetryOptions): StepwellMiddleware {
  checkOptions(options);
  return new StepwellMiddleware({
    name: "OpenTelemetry",
    init: () => ({
      onFunctionRun: (run) => {
        const spans = new RunSpans(options, run);
        return {
          wrapStepHandler: ({ step, next }) => spans.step(step, next),
          finished: ({ result }) => spans.run(result.error),
        };
      },
    }),
  });
}

class RunSpans {
  readonly #options: OpenTelemetryOptions;
  readonly #runId: string;
  readonly #traceId: string;
  readonly #name: string;
  readonly #attributes: Record<string, string>;

  constructor(options: OpenTelemetryOptions, { ctx, fn }: FunctionRunArgs) {
    this.#options = options;
    this.#runId = ctx.runId;
    this.#traceId = traceIdOf(ctx.runId);
    this.#name = `${fn.app}/${fn.id}`;
    this.#attributes = { "stepwell.app": fn.app, "stepwell.function": fn.id, "stepwell.run": ctx.runId };
  }

  /** Runs a step's body inside of its span. */
  async step({ id, name, kind, key, attempt }: TriedStep, body: () => Promise<unknown>): Promise<unknown> {
    const { context, trace, ROOT_CONTEXT } = this.#options.api;
    const of = { traceId: this.#traceId, spanId: runSpanIdOf(this.#runId), traceFlags: SAMPLED };
    const parent = trace.setSpanContext(ROOT_CONTEXT, of);
    const about = { "stepwell.step": id, "stepwell.step.kind": kind, "stepwell.attempt": attempt };
    const span = this.#start(
      stepSpanIdOf(key, attempt),
      name,
      { attributes: { ...this.#attributes, ...about } },
      parent,
    );
    try {
      return await context.with(trace.setSpan(parent, span), body);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** The run from its event to now. */
  run(error: unknown): void {
    const { ROOT_CONTEXT } = this.#options.api;
    const made = { root: true, startTime: timeOf(this.#runId), attributes: this.#attributes };
    const span = this.#start(runSpanIdOf(this.#runId), this.#name, made, ROOT_CONTEXT);
    if (error !== undefined) fail(span, error);
    span.end();
  }

  #start(
    spanId: string,
    name: string,
    how: Parameters<OpenTelemetryOptions["tracer"]["startSpan"]>[1],
    parent: object,
  ) {
    const { tracer, ids } = this.#options;
    const span = ids.once({ traceId: this.#traceId, spanId }, () => tracer.startSpan(name, how, parent));
    if (!span.isRecording() || span.spanContext().spanId === spanId) return span;
    throw badInput(CODE, `${WHERE}: ids`, "must be the `idGenerator` of the tracer's provider; it makes other ids.");
  }
}

function fail(span: Span, error: unknown): void {
  span.recordException(isError(error) ? error : String(error));
  span.setStatus({ code: STATUS_ERROR, message: isError(error) ? error.message : String(error) });
}

/** In milliseconds since the epoch. */
const timeOf = (runId: string): number =>
  [...runId.slice(0, ULID_TIME_CHARS)].reduce((time, char) => time * ULID.length + ULID.indexOf(char), 0);

function checkOptions(options: unknown): void {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `takes { api, tracer, ids }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["api", "tracer", "ids"], CODE, WHERE);
  const { api, tracer, ids } = options as Record<string, Record<string, unknown> | undefined>;
  if (typeof api?.context !== "object" || typeof api.trace !== "object")
    throw badInput(CODE, `${WHERE}: api`, `must be the module "@opentelemetry/api", got ${quote(api)}.`);
  if (typeof tracer?.startSpan !== "function")
    throw badInput(
      CODE,
      `${WHERE}: tracer`,
      `must be a tracer, as \`provider.getTracer("shop")\` gives, got ${quote(tracer)}.`,
    );
  if (typeof ids?.once !== "function")
    throw badInput(CODE, `${WHERE}: ids`, `must be what deterministicIds() gives, got ${quote(ids)}.`);
}
