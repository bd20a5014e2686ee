import type { AppStatus, LocalApp } from "./app.ts";
import { loadEntry } from "./app-process/entry-app.ts";
import { realClock, virtualClock } from "./clock.ts";
import type { LocalCloud } from "./cloud.ts";
import { inProcessApp } from "./in-process-app.ts";
import { openCloud } from "./open-cloud.ts";
import { type CheckedOptions, checkOptions, type LocalEntryOptions, type LocalOptions } from "./options.ts";

/**
 * Starts a cloud in this process: the AWS services that Stepwell uses, and the engine and an app on them, over the real AWS SDK.
 *
 * With `client` and `functions` the app runs in this process; `clock: "virtual"` is for tests: time stands still until you let it pass.
 * With `entry` it runs in a process of its own, behind the contract of Lambda's runtime: started anew when it dies, when it does not
 * answer and when an invocation has passed its deadline, and reloaded when its files change. Unlike a Lambda's sandbox, that process
 * takes many invocations at a time.
 *
 * Never changes `process.env`; several may run side by side.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`; `STEPWELL_DUPLICATE_FUNCTION` when two functions have one id;
 *   `STEPWELL_ENTRY_FAILED` when the entry cannot be built or loaded, or is no app
 * @example
 * ```ts
 * const cloud = await startLocal({ client: stepwell, functions: [placeOrder], clock: "virtual" });
 * const { ids } = await cloud.send({ name: "shop/order.placed", data: { orderId: "o1" } });
 * const [run] = await cloud.runsOf(ids[0]);
 * await cloud.waitForRun(run?.id);
 * await cloud.close();
 *
 * const dev = await startLocal({ entry: "./app.ts", dataDir: ".stepwell" });
 * ```
 */
export function startLocal(options: LocalEntryOptions): Promise<LocalCloud & { readonly app: AppStatus }>;
export function startLocal<S>(options: LocalOptions<S>): Promise<LocalCloud<S>>;
export async function startLocal(given: object): Promise<unknown> {
  const options = checkOptions(given);
  const app = await loadApp(options);
  try {
    const clock = options.clock === "virtual" ? virtualClock() : realClock();
    return (await openCloud(app, clock, options)).cloud;
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function loadApp(options: CheckedOptions): Promise<LocalApp> {
  if ("client" in options) return inProcessApp(options.client, options.functions);
  const { entry, logLevel, logger } = options;
  return loadEntry({ entry, logLevel, log: logger, env: { ...process.env, ...options.env } });
}
