import type { RunMessage } from "../../sdk/protocol/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { runMessageProblem } from "../engine/message-shapes.ts";

/** Reads a message of the run queue. @throws StepwellError `STEPWELL_INVALID_MESSAGE` */
export function parseRunMessage(body: string): RunMessage {
  const message = parse(body);
  const problem = runMessageProblem(message);
  if (problem !== undefined) throw invalid(problem);
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
