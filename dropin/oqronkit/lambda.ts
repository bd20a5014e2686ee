import { type AppHandler, serve as serveFunctions } from "../../lambdas/runner/index.ts";
import { appClient, functions } from "./registry.ts";

/**
 * The Lambda handler of the app: of all functions that `ingest` has made in the modules imported until now.
 *
 * @throws StepwellError `STEPWELL_INVALID_CLIENT` before `OqronKit.init`
 * @example
 * ```ts
 * import { OqronKit } from "stepwell/oqronkit";
 * import { serve } from "stepwell/oqronkit/lambda";
 * import "./triggers/onboarding.ts";
 *
 * await OqronKit.init({ config: { project: "shop" } });
 * export const handler = serve();
 * ```
 */
export const serve = (): AppHandler => serveFunctions({ client: appClient(), functions: functions() });
