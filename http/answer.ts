import { type Code, StepwellError } from "../sdk/protocol/index.ts";
import type { DoorLog } from "./options.ts";
import { Refusal } from "./refusal.ts";

/** A JSON answer. Nobody keeps it, and no browser takes it for something else. */
export const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });

/** What is the caller's doing, and may be told in full. */
const CALLERS: Partial<Record<Code, number>> = {
  STEPWELL_INVALID_EVENT: 400,
  STEPWELL_SCHEMA_MISMATCH: 400,
  STEPWELL_INVALID_OPTION: 400,
  STEPWELL_EVENT_TOO_LARGE: 413,
};

/** Whether the engine is out of reach: the same request may come again. */
export const isUnavailable = (error: unknown): boolean =>
  StepwellError.is(error) && (error.code === "STEPWELL_SEND_FAILED" || error.code === "STEPWELL_NO_ENGINE");

/** The answer to a request that has failed. What is not the caller's doing goes to the log, and not out. */
export function answerError(error: unknown, log: DoorLog): Response {
  if (error instanceof Refusal) return problem(error.status, error.code, error.message, error.headers);
  const code = StepwellError.is(error) ? error.code : "STEPWELL_DOOR_FAILED";
  const callers = CALLERS[code];
  if (callers !== undefined) return problem(callers, code, (error as Error).message);
  log.error("the HTTP door failed", { code, error: String(error) });
  if (!isUnavailable(error))
    return problem(500, "STEPWELL_DOOR_FAILED", "The request could not be handled. The door's log says why.");
  const text = "The engine did not take the request. Send the same request again; what was taken is not taken twice.";
  return problem(503, code, text, { "retry-after": "1" });
}

/** The door's answer to what an adapter makes a request of. Not everything that comes in can be one. */
export async function answerTo(door: (request: Request) => Promise<Response>, make: () => Request): Promise<Response> {
  let request: Request;
  try {
    request = make();
  } catch (error) {
    if (error instanceof Refusal) return problem(error.status, error.code, error.message);
    return problem(400, "STEPWELL_INVALID_REQUEST", "This is no request that the door can read.");
  }
  return door(request);
}

const problem = (status: number, code: Code, message: string, headers?: Readonly<Record<string, string>>) =>
  answer(status, { error: { code, message } }, headers);
