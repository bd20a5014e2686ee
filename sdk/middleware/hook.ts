import { isRecord, quote } from "../errors/index.ts";
import { insideMiddleware } from "../execution/index.ts";
import { isError, read, StepwellError } from "../protocol/index.ts";

/** A place in a middleware, for errors. */
export interface Hook {
  readonly middleware: string;
  readonly hook: string;
}

/**
 * Calls a hook. What it throws becomes a typed error that names the middleware; errors of Stepwell's own stay what they are. Steps
 * that it asks for are refused: nobody would be there to run them.
 */
export async function callHook<T>(at: Hook, call: () => T): Promise<Awaited<T>> {
  try {
    return await insideMiddleware(nameOf(at), call);
  } catch (error) {
    if (StepwellError.is(error)) throw error;
    const text = isError(error) ? `${read(error, "name")}: ${read(error, "message")}` : quote(error);
    throw failed(at, `threw ${text}`, error);
  }
}

/** What a hook has returned: an object or nothing, with no fields but those that it may have. */
export function checkReturned(at: Hook, returned: unknown, fields: readonly string[]): Record<string, unknown> {
  if (returned === undefined || returned === null) return {};
  if (!isRecord(returned))
    throw failed(at, `returned ${quote(returned)}, where { ${fields.join(", ")} } or nothing is expected`);
  const unknown = Object.keys(returned).find((key) => !fields.includes(key) && returned[key] !== undefined);
  if (unknown === undefined) return returned;
  throw failed(at, `returned a field "${unknown}"; there can be ${fields.join(", ")}`);
}

/** @throws StepwellError unless it is an object */
export function checkRecord(at: Hook, value: unknown, field: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (isRecord(value)) return value;
  throw failed(at, `returned ${quote(value)} as \`${field}\`, where an object is expected`);
}

/** @throws StepwellError unless it is a list */
export function checkList(at: Hook, value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw failed(at, `returned ${quote(value)} as \`${field}\`, where a list is expected`);
}

export const failed = (at: Hook, what: string, cause?: unknown): StepwellError =>
  new StepwellError(
    "STEPWELL_MIDDLEWARE_FAILED",
    `${nameOf(at)} ${what}.`,
    cause === undefined ? undefined : { cause },
  );

const nameOf = ({ middleware, hook }: Hook): string => `${hook} of the middleware "${middleware}"`;
