import { type AppHandler, type ServeOptions, serve as serveFunctions } from "../../lambdas/runner/index.ts";
import { refuseUnknownKeys } from "../../sdk/errors/index.ts";
import { keepWorking, SERVE_OPTIONS } from "./options.ts";

/** `client` and `functions`, and what Inngest's `serve` takes beside them: accepted without effect, or refused with the reason. */
export interface InngestServeOptions extends ServeOptions {
  readonly signingKey?: string | undefined;
  readonly signingKeyFallback?: string | undefined;
  readonly serveHost?: string | undefined;
  readonly serveOrigin?: string | undefined;
  readonly servePath?: string | undefined;
  readonly streaming?: "allow" | "force" | boolean | undefined;
  readonly logLevel?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly enableUnauthedSync?: boolean | undefined;
}

/**
 * The Lambda handler of an app: what `serve` of Inngest's entry for AWS Lambda becomes. It takes the messages of the app's run queue, and
 * has no address.
 *
 * @throws StepwellError `STEPWELL_DUPLICATE_FUNCTION` when two functions have one id; `STEPWELL_UNSUPPORTED` for options that are refused
 * @example
 * ```ts
 * import { serve } from "stepwell/inngest/lambda";
 *
 * export const handler = serve({ client: inngest, functions: [syncUser] });
 * ```
 */
export function serve(options: InngestServeOptions): AppHandler {
  refuseUnknownKeys(options, Object.keys(SERVE_OPTIONS), "STEPWELL_INVALID_OPTION", "serve");
  return serveFunctions(keepWorking(options, SERVE_OPTIONS, "serve") as ServeOptions);
}
