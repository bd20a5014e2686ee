/** What `fetch` takes, and one thing more. */
export interface FetchInit extends RequestInit {
  /**
   * Sends the step's `idempotencyKey` as the header `idempotency-key`, unless the request has one: the same for each try. @default - false
   */
  readonly idempotencyKey?: boolean;
}

/** `fetch` as a step: see `step.fetch`. */
export type StepFetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** Options of `fetch.config`. */
export interface FetchOptions {
  /** What is called in a step's body, and outside of functions; `null`: nothing, such a call rejects. @default - the global `fetch` */
  readonly fallback?: typeof globalThis.fetch | null | undefined;
}

/** A `fetch` that is a step wherever it can be. */
export interface DurableFetch extends StepFetch {
  /**
   * Another one with these options; this one stays as it is. Throws a `StepwellError` of code `STEPWELL_INVALID_STEP` for a fallback that is
   * no function.
   *
   * @example
   * ```ts
   * const strict = fetch.config({ fallback: null }); // only in functions
   * ```
   */
  config(options: FetchOptions): DurableFetch;
}
