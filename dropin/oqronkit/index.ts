import type { AnyEvents, OutgoingEvents, SendResult, Stepwell } from "../../sdk/index.ts";
import { appClient } from "./registry.ts";

export { NonRetriableError, RetryAfterError, StepError, StepwellError } from "../../sdk/index.ts";
export { type IngestContext, IngestFunction, type IngestOptions, ingest } from "./ingest.ts";
export { functions, OqronKit, type OqronKitOptions } from "./registry.ts";

/**
 * The app's client: for `startLocal`, and for what OqronKit has no name for, such as `cancel`.
 *
 * @throws StepwellError `STEPWELL_INVALID_CLIENT` before `OqronKit.init`
 * @example
 * ```ts
 * await client().cancel(runId, { reason: "the customer withdrew" });
 * ```
 */
export const client = (): Stepwell => appClient();

/**
 * Sends one or several events: every function that `ingest` made for them starts. Resolves with their ids once the bus has them.
 *
 * @throws StepwellError as `send` of Stepwell's client; `STEPWELL_INVALID_CLIENT` before `OqronKit.init`
 * @example
 * ```ts
 * await send({ name: "user.created", data: { userId: user.id } });
 * ```
 */
export const send = async (events: OutgoingEvents<AnyEvents>): Promise<SendResult> => appClient().send(events);
