/** A JSON value on its way or at rest: its text, or where the text lies in S3. */
export type Payload = { readonly json: string } | { readonly s3: string; readonly bytes: number };

/** A step's or a run's end: a value or an error. */
export type Outcome =
  | { readonly ok: true; readonly data: Payload }
  | { readonly ok: false; readonly error: import("./errors.ts").SerializedError };

export const NULL_PAYLOAD: Payload = { json: "null" };

/** How a wait ends that nobody has brought a result: with null. */
export const WAIT_TIMED_OUT: Outcome = { ok: true, data: NULL_PAYLOAD };
