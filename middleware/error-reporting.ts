import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { retryWishOf, StepError } from "../sdk/execution/index.ts";
import { StepwellMiddleware, type TriedStep } from "../sdk/middleware/index.ts";

/** What goes with an error. */
export interface ErrorReport {
  /** `stepwell.app`, `.function`, `.run`, `.attempt`, `.event`, and of a step `.step`. */
  readonly tags: Record<string, string>;
}

/** Whom errors are reported to: Sentry's SDK, or anything else of that shape. */
export interface ErrorReporter {
  captureException(error: unknown, report: ErrorReport): unknown;
  /** Sends what is still on its way; milliseconds. */
  flush?(timeoutMs: number): unknown;
}

/** Options of `errorReportingMiddleware`. */
export interface ErrorReportingOptions {
  /** Sentry's SDK, or anything else with `captureException`. */
  readonly reporter: ErrorReporter;
  /** `"last"`: what is out of retries. `"all"`: each failed try. @default "last" */
  readonly tries?: "last" | "all";
  /** How long an invocation that has reported waits for `flush`, in milliseconds. @default 2000 */
  readonly flushTimeout?: number;
}

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "errorReportingMiddleware";
const FLUSH_MS = 2_000;

/** Kinds of steps whose errors are thrown by bodies. */
const BY_BODIES: readonly string[] = ["run", "fetch", "ai.wrap", "ai.infer"];
/** Failures of such a step that its body has not thrown, so that they are seen at the run's end alone. */
const BY_THE_ENGINE: readonly string[] = [
  "STEPWELL_STEP_CRASHED",
  "STEPWELL_OUTPUT_NOT_JSON",
  "STEPWELL_STEP_OUTPUT_TOO_LARGE",
];

/**
 * Reports each failure once, and never on a replay: a step that is out of retries, with what its body has thrown, and a run that has
 * failed, unless by a step that was reported. Cancelled runs are no failures.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`
 * @example
 * ```ts
 * import * as Sentry from "@sentry/node";
 *
 * const stepwell = new Stepwell({ id: "shop", middleware: [errorReportingMiddleware({ reporter: Sentry })] });
 * ```
 */
export function errorReportingMiddleware(options: ErrorReportingOptions): StepwellMiddleware {
  const { reporter, tries, flushTimeout } = checkOptions(options);
  return new StepwellMiddleware({
    name: "error reporting",
    init: () => ({
      onFunctionRun: ({ ctx, fn }) => {
        const common = { "stepwell.app": fn.app, "stepwell.function": fn.id, "stepwell.run": ctx.runId };
        const reported = new Set<unknown>();
        /** Steps that have failed without a body that could have been reported. */
        const silent = new Set<string>();
        let attempt = 0;
        const report = (error: unknown, step?: TriedStep) => {
          if (reported.has(error)) return;
          reported.add(error);
          const tags = {
            ...common,
            "stepwell.event": ctx.event.name,
            "stepwell.attempt": String(step?.attempt ?? attempt),
          };
          reporter.captureException(error, { tags: step === undefined ? tags : { ...tags, "stepwell.step": step.id } });
        };
        const isLast = (error: unknown, tried: number) =>
          tries === "all" || tried + 1 >= fn.retry.attempts || retryWishOf(error).kind === "never";
        return {
          transformInput: ({ ctx: full, steps }) => {
            attempt = full.attempt;
            for (const { id, kind, error } of steps)
              if (error !== undefined && (!BY_BODIES.includes(kind) || BY_THE_ENGINE.includes(error.code ?? "")))
                silent.add(id);
          },
          transformOutput: ({ result: { error }, step }) => {
            if (error === undefined || (step === undefined && tries === "last")) return;
            if (step === undefined ? !wasReported(error, silent) : isLast(error, step.attempt)) report(error, step);
          },
          finished: ({ result: { error } }) => {
            if (error !== undefined && !wasReported(error, silent)) report(error);
          },
          beforeResponse: async () => {
            if (reported.size > 0) await reporter.flush?.(flushTimeout);
          },
        };
      },
    }),
  });
}

/** A step's own error has been reported when its body threw it for the last time. */
const wasReported = (error: unknown, silent: ReadonlySet<string>): boolean =>
  StepError.is(error) && !silent.has(error.stepId);

function checkOptions(options: unknown): Required<ErrorReportingOptions> {
  if (!isRecord(options)) throw badInput(CODE, WHERE, `takes { reporter, … }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["reporter", "tries", "flushTimeout"], CODE, WHERE);
  const { reporter, tries = "last", flushTimeout = FLUSH_MS } = options;
  if (typeof (reporter as Partial<ErrorReporter> | null)?.captureException !== "function")
    throw badInput(CODE, `${WHERE}: reporter`, "must have a method captureException, as Sentry's SDK has.");
  if (tries !== "last" && tries !== "all")
    throw badInput(CODE, `${WHERE}: tries`, `must be "last" or "all", got ${quote(tries)}.`);
  if (typeof flushTimeout !== "number" || !Number.isFinite(flushTimeout) || flushTimeout < 0)
    throw badInput(CODE, `${WHERE}: flushTimeout`, `must be a number of milliseconds, got ${quote(flushTimeout)}.`);
  return { reporter: reporter as unknown as ErrorReporter, tries, flushTimeout };
}
