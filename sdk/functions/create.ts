import type { AnyClient } from "../client/client.ts";
import { badInput, quote } from "../errors/index.ts";
import type { Checkpointing } from "../execution/contract.ts";
import { type MiddlewareStack, stackOf } from "../middleware/index.ts";
import { incomingCheck, type SchemaSource } from "../schemas/index.ts";
import type { Logger } from "../types/index.ts";
import { type AnyCancelHandler, cancelFunction } from "./cancellation.ts";
import { type AnyFailureHandler, failureFunction } from "./failure.ts";
import { checkFlow } from "./flow/index.ts";
import { type AnyHandler, type DurableSpec, StepwellFunction } from "./function.ts";
import { checkLookback, lookbackIn } from "./lookback.ts";
import { checkOptions } from "./options.ts";
import { checkTriggers } from "./triggers.ts";

/** What a function takes over from its client. */
export interface Owner {
  readonly id: string;
  readonly logger: Logger | undefined;
  /** By which its events are checked. */
  readonly schemas: SchemaSource | undefined;
  readonly client: AnyClient;
  readonly middleware: MiddlewareStack | undefined;
  readonly checkpointing: Checkpointing;
}

/**
 * `createFunction` behind its types, in both call shapes: (options, triggers, handler) and ({ triggers, ...options }, handler).
 * Everything that can be checked without running is checked here.
 */
export function createFunction(owner: Owner, shape: readonly unknown[]): StepwellFunction {
  const options = checkOptions(shape[0]);
  const { where } = options;
  const handler = shape.at(-1);
  if (shape.length < 2 || shape.length > 3 || typeof handler !== "function") {
    const text = `the last argument must be the handler, a function, got ${quote(shape.length < 2 ? undefined : handler)}.`;
    throw badInput("STEPWELL_INVALID_FUNCTION", where, text);
  }
  const separate = shape.length === 3;
  if (separate && options.triggers !== undefined) {
    const text = "give the triggers once: as the second argument, or as the option `triggers` and no second argument.";
    throw badInput("STEPWELL_INVALID_FUNCTION", where, text);
  }
  const given = separate ? shape[1] : options.triggers;
  const triggers = checkTriggers(given, `${where}: ${separate ? "trigger" : "triggers"}`);
  const flow = checkFlow(options.given, triggers, where);
  const { lookback: declared } = options.given;
  const lookback = declared === undefined ? lookbackIn(handler) : checkLookback(declared, `${where}: lookback`);
  const spec: DurableSpec = {
    app: owner.id,
    id: options.id,
    ...(options.name !== undefined && { name: options.name }),
    triggers,
    ...(flow !== undefined && { flow }),
    ...(lookback.length > 0 && { lookback }),
    retry: options.retry,
    maxSteps: options.maxSteps,
    parallelism: options.parallelism,
    checkpointing: options.checkpointing ?? owner.checkpointing,
    handler: handler as AnyHandler,
    logger: owner.logger,
    schemas: owner.schemas,
    checkEvents: incomingCheck(given, owner.schemas),
    middleware: (fn) => stackOf(options.middleware, { client: owner.client, fn }, owner.middleware),
  };
  const { onFailure, onCancel } = options;
  const followUps = [
    ...(onFailure === undefined ? [] : [failureFunction(spec, onFailure as AnyFailureHandler, where)]),
    ...(onCancel === undefined ? [] : [cancelFunction(spec, onCancel as AnyCancelHandler, where)]),
  ];
  return new StepwellFunction({ ...spec, followUps });
}
