import { DEFAULT_ENGINE } from "../lambdas/contract.ts";
import { jsonLogger } from "../lambdas/process.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { createLocalAws } from "./aws.ts";
import { realClock, virtualClock } from "./clock.ts";
import { quietOnceClosed } from "./closed.ts";
import { createLocalCloud, type LocalCloud } from "./cloud.ts";
import { openDoors } from "./doors.ts";
import { checkOptions, type LocalOptions } from "./options.ts";
import { provision } from "./provision.ts";

/**
 * Starts a cloud in this process: the AWS services that Stepwell uses, and the engine and the app's functions on them, over the real
 * AWS SDK. `clock: "virtual"` is for tests: time stands still until you let it pass.
 *
 * Never reads or writes `process.env`; several may run side by side.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`; `STEPWELL_DUPLICATE_FUNCTION` when two functions have one id
 * @example
 * ```ts
 * const cloud = await startLocal({ client: stepwell, functions: [placeOrder], clock: "virtual" });
 * const { ids } = await cloud.send({ name: "shop/order.placed", data: { orderId: "o1" } });
 * const [run] = await cloud.runsOf(ids[0]);
 * await cloud.waitForRun(run?.id);
 * await cloud.close();
 * ```
 */
export async function startLocal<S>(given: LocalOptions<S>): Promise<LocalCloud<S>> {
  const options = checkOptions(given, warningsOnly());
  const clock = options.clock === "virtual" ? virtualClock() : realClock();
  const aws = await createLocalAws({
    clock,
    seed: options.seed,
    log: (level, message, fields) => options.logger[level](message, fields),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
  });
  try {
    const { client } = options;
    const target = { engine: DEFAULT_ENGINE, env: client.environment, app: client.id, waits: options.waits };
    const provisioned = await provision(aws, target);
    const logger = quietOnceClosed(options.logger, aws.isClosed);
    const doors = openDoors(aws, provisioned, { ...options, log: logger });
    await doors.register();
    // What deploying costs is not what running costs.
    aws.meter.reset();
    doors.open();
    return createLocalCloud(aws, doors, provisioned, { ...options, logger }) as LocalCloud<S>;
  } catch (error) {
    await aws.close();
    throw error;
  }
}

/** Quiet unless something is wrong. */
function warningsOnly(): LogSink {
  const log = jsonLogger((line) => process.stderr.write(`${line}\n`), Date.now);
  return { ...log, debug: () => {}, info: () => {} };
}
