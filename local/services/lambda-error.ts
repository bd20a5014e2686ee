import { serializeError } from "../../sdk/protocol/errors.ts";

/** What Lambda answers for an invocation that failed. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** The process has ended under the invocation. */
export const EXITED: FunctionError = {
  errorType: "Runtime.ExitError",
  errorMessage: "RequestId Error: Runtime exited with error: signal: killed",
  trace: [],
};

export function toFunctionError(thrown: unknown): FunctionError {
  if (thrown instanceof FunctionFailure) return thrown.error;
  const { name, message, stack } = serializeError(thrown);
  return { errorType: name, errorMessage: message, trace: stack?.split("\n") ?? [] };
}

/** A failure as it came from another process. */
export class FunctionFailure extends Error {
  override readonly name = "FunctionFailure";
  readonly error: FunctionError;

  constructor(error: FunctionError) {
    super(`${error.errorType}: ${error.errorMessage}`);
    this.error = error;
  }
}

/** Lines of a stack that a message shows. */
const TRACE_LINES = 6;

/** A failure for people: with its place if that is known. */
export function describeFailure(thrown: unknown): string {
  const { errorType, errorMessage, trace } = toFunctionError(thrown);
  return trace.length > 0 ? trace.slice(0, TRACE_LINES).join("\n") : `${errorType}: ${errorMessage}`;
}
