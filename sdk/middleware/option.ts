import { badInput, quote } from "../errors/index.ts";
import { type Code, STEP_ID_CHARS_MAX } from "../protocol/index.ts";
import type { AnyMiddleware, Middlewares } from "./middleware.ts";
import type { MiddlewareStack } from "./stack.ts";
import type { MiddlewareInitArgs } from "./types.ts";

/** On every middleware: what runs it. Shared by all copies of this package. */
export const RUNTIME: unique symbol = Symbol.for("stepwell.middleware") as never;

/** Where a client keeps its middleware, for what sends in its name. Shared by all copies of this package. */
export const MIDDLEWARE: unique symbol = Symbol.for("stepwell.client.middleware") as never;

export interface MiddlewareRuntime {
  stack(own: Middlewares, args: MiddlewareInitArgs, below: MiddlewareStack | undefined): MiddlewareStack;
}

/** The middleware of a client, or of a function after its client's; undefined when there is none. */
export function stackOf(
  own: Middlewares,
  args: MiddlewareInitArgs,
  below?: MiddlewareStack,
): MiddlewareStack | undefined {
  const [first] = own;
  return first === undefined ? below : first[RUNTIME].stack(own, args, below);
}

/** The option `middleware`, in its order. Middleware made by another copy of this package will do. */
export function checkMiddleware(given: unknown, code: Code, where: string): Middlewares {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw badInput(code, where, `must be a list of middleware, got ${quote(given)}.`);
  for (const [index, one] of given.entries()) {
    if (typeof one === "object" && one !== null && RUNTIME in one) continue;
    const text = `must be what \`new StepwellMiddleware({ name, init })\` makes, got ${quote(one)}.`;
    throw badInput(code, `${where}[${index}]`, text);
  }
  return [...(given as Middlewares)];
}

/** The two parts of a middleware. */
export function checkParts(
  { name, init }: Readonly<Record<string, unknown>>,
  code: Code,
  where: string,
): { readonly name: string; readonly init: AnyMiddleware["init"] } {
  if (typeof name !== "string" || name === "" || name.length > STEP_ID_CHARS_MAX) {
    const text = `must be a string of 1 to ${STEP_ID_CHARS_MAX} characters, got ${quote(name)}.`;
    throw badInput(code, `${where}: name`, text);
  }
  if (typeof init !== "function")
    throw badInput(code, `${where}: init`, `must be a function that gives the hooks, got ${quote(init)}.`);
  return { name, init: init as AnyMiddleware["init"] };
}
