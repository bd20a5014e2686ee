import { AsyncLocalStorage } from "node:async_hooks";
import { type Group, StepwellError } from "../../sdk/index.ts";
import type { AnyInngestEvents, InngestStepTools } from "./types/index.ts";

/** What is there under one name in the whole of a handler, and in what it calls. */
interface Around {
  readonly step: InngestStepTools<AnyInngestEvents>;
  readonly group: Group;
}

const around = new AsyncLocalStorage<Around>();

/** Runs a handler so that `step` and `group` are its run's. */
export const withTools = <T>(tools: { readonly step: object; readonly group: unknown }, run: () => T): T =>
  around.run(tools as Around, run);

const ofRun = <Name extends keyof Around>(name: Name): Around[Name] =>
  new Proxy({} as Around[Name], {
    get: (_, tool) => {
      const tools = around.getStore();
      if (tools !== undefined) return Reflect.get(tools[name], tool);
      const text = `\`${name}.${String(tool)}\` was used outside of a function's handler. Use it where a handler calls it.`;
      throw new StepwellError("STEPWELL_INVALID_STEP", text);
    },
  });

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
export const step: Around["step"] = ofRun("step");

/**
 * `group` of the run around, for helpers that are not handed it.
 *
 * @throws StepwellError `STEPWELL_INVALID_STEP` outside of a function's handler
 * @example
 * ```ts
 * const fastest = () => group.parallel({ mode: "race" }, () => Promise.race([step.run("a", a), step.run("b", b)]));
 * ```
 */
export const group: Group = ofRun("group");
