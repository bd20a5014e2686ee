import type { Code } from "./codes.ts";
import { ERROR_CAUSES_MAX, ERROR_MESSAGE_CHARS_MAX, ERROR_NAME_CHARS_MAX, ERROR_STACK_CHARS_MAX } from "./limits.ts";

/** An error as it is stored, sent and shown: plain data, bounded in size. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stepId?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/**
 * An error of Stepwell's own: it has a stable code, and its message says what happened and what to do.
 *
 * @example
 * ```ts
 * if (StepwellError.is(error) && error.code === "STEPWELL_NESTED_STEP") console.error(error.message);
 * ```
 */
export class StepwellError extends Error {
  override readonly name: string = "StepwellError";
  readonly code: Code;
  /** Errors of Stepwell's own come from the program, not from the weather: trying again would not help. */
  readonly retriable: boolean = false;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Tells by shape, so that it also holds for a second copy of this package in a bundle. */
  static is(error: unknown): error is StepwellError {
    return isError(error) && String(read(error, "code")).startsWith("STEPWELL_");
  }
}

/** `instanceof Error` that never throws: a revoked proxy would make it. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** A field of something thrown. A getter of a hostile object may throw; then there is none. */
export function read(target: object, key: PropertyKey): unknown {
  try {
    return (target as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/**
 * The one error serializer. Takes anything that can be thrown: errors, strings, `undefined`, frozen objects, circular causes.
 * Never throws itself.
 */
export function serializeError(thrown: unknown, stepId?: string): SerializedError {
  const error = describe(thrown, new Set());
  return stepId === undefined ? error : { ...error, stepId };
}

/** The error again, as a value that can be thrown or be another error's `cause`. */
export function deserializeError(error: SerializedError): Error {
  const options = error.cause === undefined ? undefined : { cause: deserializeError(error.cause) };
  const revived = new Error(error.message, options);
  revived.name = error.name;
  if (error.stack !== undefined) revived.stack = error.stack;
  return error.code === undefined ? revived : Object.assign(revived, { code: error.code });
}

function describe(thrown: unknown, seen: Set<unknown>): SerializedError {
  if (!isObject(thrown)) return { name: "Error", message: bounded(`A non-error was thrown: ${print(thrown)}`) };
  seen.add(thrown);
  const text = (key: string, charsMax: number = ERROR_NAME_CHARS_MAX) => {
    const value = read(thrown, key);
    return typeof value === "string" && value !== "" ? bounded(value, charsMax) : undefined;
  };
  const code = text("code");
  const stepId = text("stepId");
  const stack = text("stack", ERROR_STACK_CHARS_MAX);
  const cause = read(thrown, "cause");
  const nested = cause !== undefined && cause !== null && !seen.has(cause) && seen.size <= ERROR_CAUSES_MAX;
  return {
    name: text("name") ?? "Error",
    message:
      text("message", ERROR_MESSAGE_CHARS_MAX) ??
      bounded(isError(thrown) ? "" : `A non-error was thrown: ${print(thrown)}`),
    ...(code !== undefined && { code }),
    ...(stepId !== undefined && { stepId }),
    ...(stack !== undefined && { stack }),
    ...(nested && { cause: describe(cause, seen) }),
  };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function print(value: unknown): string {
  try {
    return typeof value === "object" ? (JSON.stringify(value) ?? String(value)) : String(value);
  } catch {
    return `something that cannot be shown (${typeof value})`;
  }
}

/** Cut to so many characters; to fewer where they take more than two bytes each as JSON, for an item holds 400 KB. */
function bounded(text: string, charsMax: number = ERROR_MESSAGE_CHARS_MAX): string {
  if (text.length * 6 <= charsMax) return text;
  const cut = text.slice(0, charsMax);
  const bytes = Buffer.byteLength(JSON.stringify(cut));
  const kept = bytes <= 2 * charsMax ? cut : cut.slice(0, Math.floor((charsMax * 2 * charsMax) / bytes));
  return kept.length === text.length ? text : `${kept}…`;
}
