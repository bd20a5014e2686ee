import type { RunMessage } from "../../sdk/protocol/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";

const KINDS = new Set(["start", "wake", "resolve"]);

/** Reads a message of the run queue. @throws StepwellError `STEPWELL_INVALID_MESSAGE` */
export function parseRunMessage(body: string): RunMessage {
  const message = parse(body);
  if (message.v !== 1) throw invalid(`it has the version ${String(message.v)}, and this app knows version 1`);
  for (const field of ["id", "env", "app", "functionId", "runId"])
    if (typeof message[field] !== "string") throw invalid(`"${field}" is not a string`);
  if (!KINDS.has(message.kind as string)) throw invalid(`its kind is ${JSON.stringify(message.kind)}`);
  if (message.kind === "start" && typeof message.event !== "object") throw invalid('"event" is not an object');
  if (message.kind === "resolve" && typeof message.outcome !== "object") throw invalid('"outcome" is not an object');
  return message as unknown as RunMessage;
}

function parse(body: string): Record<string, unknown> {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch (error) {
    throw invalid(String(error));
  }
  if (typeof message !== "object" || message === null) throw invalid("it is not an object");
  return message as Record<string, unknown>;
}

const invalid = (reason: string) =>
  new StepwellError("STEPWELL_INVALID_MESSAGE", `A message of the run queue cannot be read: ${reason}.`);
