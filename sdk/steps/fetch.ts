import { badInput, NonRetriableError, quote } from "../errors/index.ts";
import type { BodyContext, Ledger } from "../execution/contract.ts";
import { isInsideStep, ledgerAround } from "../execution/index.ts";
import type { DurableFetch, FetchInit, FetchOptions, StepFetch } from "../types/index.ts";
import { rejecting } from "./step-id.ts";
import { type StoredResponse, storeResponse, toResponse } from "./stored-response.ts";

const CODE = "STEPWELL_INVALID_STEP";
const KEY_HEADER = "idempotency-key";

type Input = string | URL | Request;

/** `step.fetch`: a request as a step, named by the host that it goes to. */
export const stepFetch =
  (ledger: Ledger): StepFetch =>
  (input, init) =>
    rejecting(() => ask(ledger, input, init));

function ask(ledger: Ledger, input: Input, init: FetchInit = {}): Promise<Response> {
  const { idempotencyKey = false, ...rest } = init;
  if (typeof idempotencyKey !== "boolean")
    throw badInput(CODE, "step.fetch: idempotencyKey", `must be true or false, got ${quote(idempotencyKey)}.`);
  const request = toRequest(input, rest);
  const id = `fetch ${new URL(request.url).host}`;
  const body = (context: BodyContext) => send(request, context, idempotencyKey, `step.fetch "${id}"`);
  return ledger.ask({ id, kind: "fetch", body }).then((stored) => toResponse(stored as StoredResponse));
}

/** Made where the step is asked for, so that what is wrong with it is known at once, and each try has a copy of its own. */
function toRequest(input: Input, init: RequestInit): Request {
  const request = requestOf(input, init);
  if (/^https?:/.test(request.url)) return request;
  throw badInput(CODE, "step.fetch", `the address must be one of http or https, got ${quote(request.url)}.`);
}

function requestOf(input: Input, init: RequestInit): Request {
  try {
    return new Request(input, init);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
    throw badInput(CODE, "step.fetch", `cannot be made a request: ${why}.`);
  }
}

/** Any response is a result; a request that gets none is a failed try. */
async function send(
  request: Request,
  { signal, idempotencyKey }: BodyContext,
  withKey: boolean,
  where: string,
): Promise<StoredResponse> {
  const copy = request.clone();
  if (withKey && !copy.headers.has(KEY_HEADER)) copy.headers.set(KEY_HEADER, idempotencyKey);
  try {
    const response = await globalThis.fetch(copy, { signal: AbortSignal.any([request.signal, signal]) });
    return await storeResponse(response, where);
  } catch (error) {
    // The caller's own signal stays aborted, however often it is tried.
    if (request.signal.aborted) throw new NonRetriableError(`${where}: its signal was aborted.`, { cause: error });
    throw error;
  }
}

const create = (fallback: FetchOptions["fallback"]): DurableFetch => {
  const durable = (input: Input, init?: FetchInit): Promise<Response> => {
    const ledger = isInsideStep() ? undefined : ledgerAround();
    if (ledger !== undefined) return rejecting(() => ask(ledger, input, init));
    if (fallback === null) return Promise.reject(badInput(CODE, "fetch", NO_FALLBACK));
    const { idempotencyKey: _, ...rest } = init ?? {};
    return (fallback ?? globalThis.fetch)(input, rest);
  };
  return Object.assign(durable, { config: (options: FetchOptions) => create(checkFallback(options?.fallback)) });
};

const NO_FALLBACK =
  "was called outside of a function, or in a step's body, and is configured to have no fallback there.";

function checkFallback(fallback: unknown): FetchOptions["fallback"] {
  if (fallback === undefined || fallback === null || typeof fallback === "function")
    return fallback as FetchOptions["fallback"];
  throw badInput(CODE, "fetch.config: fallback", `must be a function like fetch, or null, got ${quote(fallback)}.`);
}

/**
 * `fetch`, durable where it can be: called by a function's handler it is `step.fetch`; in a step's body, and outside of functions, it is the
 * global one. So a client library that takes a `fetch` makes its requests steps.
 *
 * @example
 * ```ts
 * import { fetch } from "stepwell";
 *
 * const github = new Octokit({ request: { fetch } });
 * ```
 */
export const fetch: DurableFetch = create(undefined);
