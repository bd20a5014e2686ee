import { badInput, isRecord, quote } from "../sdk/errors/index.ts";
import { StepwellMiddleware } from "../sdk/middleware/index.ts";

/** What every handler has. */
const OWN = ["event", "events", "step", "runId", "attempt", "maxAttempts", "logger", "group", "signal"];

/**
 * Adds its fields to the context of every handler, typed: clients, connections, configuration. They are what they were given as, and not
 * stored with the run. Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION` for what is no object, and for a name
 * that every handler has already.
 *
 * @example
 * ```ts
 * const stepwell = new Stepwell({ id: "shop", middleware: [dependencyInjectionMiddleware({ db, openai })] });
 * stepwell.createFunction({ id: "greet" }, { event: "shop/user.created" }, ({ event, db }) => db.find(event.data.id));
 * ```
 */
export function dependencyInjectionMiddleware<Added extends object>(ctx: Added): StepwellMiddleware<Added> {
  if (!isRecord(ctx)) {
    const text = `takes an object of what is to be in the handler's context, got ${quote(ctx)}.`;
    throw badInput("STEPWELL_INVALID_OPTION", "dependencyInjectionMiddleware", text);
  }
  const own = OWN.find((name) => name in ctx);
  if (own !== undefined) {
    const text = `"${own}" is the handler's own. Give what is added another name.`;
    throw badInput("STEPWELL_INVALID_OPTION", "dependencyInjectionMiddleware", text);
  }
  return new StepwellMiddleware<Added>({
    name: "dependency injection",
    init: () => ({ onFunctionRun: () => ({ transformInput: () => ({ ctx }) }) }),
  });
}
