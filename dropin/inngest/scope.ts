import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../../sdk/index.ts";
import type { AnyInngestEvents, InngestStepTools } from "./types/index.ts";

type Tools = InngestStepTools<AnyInngestEvents>;

const around = new AsyncLocalStorage<Tools>();

/** Runs a handler so that `step` is its run's. */
export const withSteps = <T>(tools: object, run: () => T): T => around.run(tools as Tools, run);

/**
 * The step tools of the run around, for helpers that are not handed `step`. It knows no schemas.
 *
 * @throws StepwellError `STEPWELL_INVALID_STEP` outside of a function's handler
 * @example
 * ```ts
 * import { step } from "stepwell/inngest";
 *
 * const fetchUser = (id: string) => step.run("fetch-user", () => db.users.find(id));
 * ```
 */
export const step: Tools = new Proxy({} as Tools, {
  get: (_, tool) => {
    const tools = around.getStore();
    if (tools !== undefined) return Reflect.get(tools, tool);
    const text = `\`step.${String(tool)}\` was used outside of a function's handler. Use it where a handler calls it.`;
    throw new StepwellError("STEPWELL_INVALID_STEP", text);
  },
});
