import {
  type FunctionRunArgs,
  type FunctionRunHooks,
  type MiddlewareHooks,
  type MiddlewareOptions,
  StepwellMiddleware,
  type TransformInputArgs,
} from "../../sdk/index.ts";
import { toInngestEvent } from "./names.ts";

/**
 * Inngest's middleware (of v3) over Stepwell's: the same hooks, which see the engine's events under Inngest's names.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION` for a name or an `init` that are wrong
 * @example
 * ```ts
 * const prisma = new InngestMiddleware({
 *   name: "prisma",
 *   init: () => ({ onFunctionRun: () => ({ transformInput: () => ({ ctx: { db } }) }) }),
 * });
 * const inngest = new Inngest({ id: "my-app", middleware: [prisma] });
 * ```
 */
export class InngestMiddleware<Added extends object = Record<never, never>> extends StepwellMiddleware<Added> {
  constructor(options: MiddlewareOptions<Added>) {
    // What is no middleware goes on as it is, to be refused where all are checked.
    const isWhole = typeof options?.init === "function";
    super(isWhole ? { ...options, init: async (args) => withInngestEvents(await options.init(args)) } : options);
  }
}

function withInngestEvents<Added extends object>(hooks: MiddlewareHooks<Added>): MiddlewareHooks<Added> {
  const onFunctionRun = hooks?.onFunctionRun;
  if (typeof onFunctionRun !== "function") return hooks;
  return { ...hooks, onFunctionRun: async (args) => forRun(await onFunctionRun(withInngestEvent(args))) };
}

function forRun<Added extends object>(hooks: FunctionRunHooks<Added>): FunctionRunHooks<Added> {
  const transformInput = hooks?.transformInput;
  if (typeof transformInput !== "function") return hooks;
  return { ...hooks, transformInput: (args) => transformInput(withInngestEvent(args)) };
}

const withInngestEvent = <Args extends FunctionRunArgs | TransformInputArgs>(args: Args): Args => ({
  ...args,
  ctx: { ...args.ctx, event: toInngestEvent(args.ctx.event) },
});
