import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Checkpointing } from "../execution/contract.ts";
import { checkMiddleware, type Middlewares } from "../middleware/index.ts";
import { type RetryPolicy, STEPS_PER_RUN_DEFAULT, STEPS_PER_RUN_MAX } from "../protocol/index.ts";
import { checkCheckpointing } from "./checkpointing.ts";
import { checkCount } from "./numbers.ts";
import { checkRetries } from "./retries.ts";

/**
 * Every option of `createFunction`, and what becomes of it.
 *
 * - `works`: does what its description says
 * - `noEffect`: accepted for code that comes from Inngest; what it asks for is how Stepwell works anyway
 */
export const OPTIONS = {
  id: "works",
  name: "works",
  description: "works",
  triggers: "works",
  retries: "works",
  maxSteps: "works",
  onFailure: "works",
  optimizeParallelism: "noEffect",
  checkpointing: "works",
  concurrency: "works",
  throttle: "works",
  rateLimit: "works",
  debounce: "works",
  priority: "works",
  singleton: "works",
  idempotency: "works",
  batchEvents: "works",
  timeouts: "works",
  cancelOn: "works",
  lookback: "works",
  onCancel: "works",
  middleware: "works",
} as const satisfies Record<string, "works" | "noEffect">;

/** A function's options, checked, with every default filled in. */
export interface CheckedOptions {
  readonly id: string;
  /** The prefix of errors about this function. */
  readonly where: string;
  readonly name?: string;
  readonly triggers: unknown;
  readonly retry: RetryPolicy;
  readonly maxSteps: number;
  /** Undefined: as the client says. */
  readonly checkpointing: Checkpointing | undefined;
  readonly onFailure: unknown;
  readonly onCancel: unknown;
  readonly middleware: Middlewares;
  /** All options as they were given: flow control is checked once the triggers are known. */
  readonly given: Readonly<Record<string, unknown>>;
}

export function checkOptions(options: unknown): CheckedOptions {
  if (!isRecord(options)) {
    const text = `the first argument must be an object of options with an "id", got ${quote(options)}.`;
    throw badInput("STEPWELL_INVALID_FUNCTION", "createFunction", text);
  }
  const id = checkId(options.id, "STEPWELL_INVALID_FUNCTION", "createFunction: id");
  const where = `createFunction "${id}"`;
  refuseUnknownKeys(options, Object.keys(OPTIONS), "STEPWELL_INVALID_FUNCTION", where);
  const name = checkText(options.name, `${where}: name`);
  checkText(options.description, `${where}: description`);
  checkFlag(options.optimizeParallelism, `${where}: optimizeParallelism`);
  return {
    id,
    where,
    ...(name !== undefined && { name }),
    triggers: options.triggers,
    retry: checkRetries(options.retries, `${where}: retries`),
    maxSteps: checkMaxSteps(options.maxSteps, `${where}: maxSteps`),
    checkpointing:
      options.checkpointing === undefined
        ? undefined
        : checkCheckpointing(options.checkpointing, "STEPWELL_INVALID_FUNCTION", `${where}: checkpointing`),
    onFailure: checkHandler(options.onFailure, `${where}: onFailure`),
    onCancel: checkHandler(options.onCancel, `${where}: onCancel`),
    middleware: checkMiddleware(options.middleware, "STEPWELL_INVALID_FUNCTION", `${where}: middleware`),
    given: options,
  };
}

function checkText(value: unknown, where: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw badInput("STEPWELL_INVALID_FUNCTION", where, `must be a string, got ${quote(value)}.`);
}

function checkFlag(value: unknown, where: string): void {
  if (value === undefined || typeof value === "boolean") return;
  throw badInput("STEPWELL_INVALID_FUNCTION", where, `must be true or false, got ${quote(value)}.`);
}

function checkMaxSteps(value: unknown, where: string): number {
  return value === undefined ? STEPS_PER_RUN_DEFAULT : checkCount(value, 1, STEPS_PER_RUN_MAX, where);
}

function checkHandler(value: unknown, where: string): unknown {
  if (value === undefined || typeof value === "function") return value;
  throw badInput("STEPWELL_INVALID_FUNCTION", where, `must be a function, got ${quote(value)}.`);
}
