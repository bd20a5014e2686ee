import { BACKOFF, RETRY_AFTER } from "../execution/retry-wish.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "./bad-input.ts";
import { hasBrand } from "./non-retriable.ts";
import { type RetryAfter, retryAfterOf } from "./retry-after.ts";

/** Options of a `Backoff`. */
export interface BackoffOptions {
  /** @default - names the key */
  readonly message?: string;
  /** The error behind it, such as the response of a vendor. */
  readonly cause?: unknown;
}

/**
 * Thrown in a step: what the step calls asks for a pause. The step is tried again after that time, as with `RetryAfterError`; and
 * until then no run starts, or goes on after a rest, that has `key` as the value of the key of one of the concurrency limits that it
 * shares with this run; what is executing goes on until it rests. It uses up a retry as any error does. Without such a limit it holds back nobody but the step.
 *
 * `after` is a number of milliseconds, a duration such as `"30s"`, or a `Date`; anything else throws a `StepwellError` of code
 * `STEPWELL_INVALID_DURATION`, and a key that is no text, or options that are no object, one of `STEPWELL_INVALID_OPTION`. Neither is retried.
 *
 * @example
 * ```ts
 * const sync = stepwell.createFunction(
 *   { id: "sync", concurrency: { limit: 5, key: "event.data.shop" } },
 *   { event: "shop/sync" },
 *   async ({ event, step }) => {
 *     await step.run("call", async () => {
 *       const response = await fetch(event.data.url);
 *       if (response.status === 429) throw new Backoff(event.data.shop, "30s");
 *     });
 *   },
 * );
 * ```
 */
export class Backoff extends Error {
  override readonly name: string = "Backoff";
  /** The value of the concurrency limit's key whose runs are held back. */
  readonly key: string;
  readonly retryAfter: RetryAfter;

  constructor(key: string, after: number | string | Date, options: BackoffOptions = {}) {
    const { message = `Backing off: the runs of ${quote(key)} are held back.`, ...cause } = checkOptions(options);
    super(message, cause);
    if (typeof key !== "string" || key === "") {
      throw badInput("STEPWELL_INVALID_OPTION", "Backoff: key", `must be a text that is not empty, got ${quote(key)}.`);
    }
    this.key = key;
    this.retryAfter = retryAfterOf(after, "Backoff");
  }

  static {
    for (const brand of [RETRY_AFTER, BACKOFF]) Object.defineProperty(Backoff.prototype, brand, { value: true });
  }

  /** Holds for subclasses, and for errors of a second copy of this package in a bundle. */
  static is(error: unknown): error is Backoff {
    return hasBrand(error, BACKOFF);
  }
}

function checkOptions(options: unknown): BackoffOptions {
  const code = "STEPWELL_INVALID_OPTION";
  if (!isRecord(options)) throw badInput(code, "Backoff: options", `must be an object, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["message", "cause"], code, "Backoff: options");
  const { message } = options;
  if (message === undefined || typeof message === "string") return options;
  throw badInput(code, "Backoff: message", `must be a text, got ${quote(message)}.`);
}
