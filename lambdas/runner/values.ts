import {
  type Outcome,
  type Payload,
  RUN_OUTPUT_BYTES_MAX,
  STEP_OUTPUT_BYTES_MAX,
  StepwellError,
  serializeError,
} from "../../sdk/protocol/index.ts";
import type { RunKey } from "../aws/keys.ts";
import type { PayloadStore } from "../aws/payload-store.ts";

/** Results cross a JSON boundary, the first time too: what the code gets now is what it gets on replay. */

/** @throws StepwellError when the value is no JSON, or too large. */
export function stepJson(value: unknown, stepId: string): string {
  const json = toJson(value, `The step "${stepId}" returned`);
  const bytes = Buffer.byteLength(json);
  if (bytes <= STEP_OUTPUT_BYTES_MAX) return json;
  throw new StepwellError(
    "STEPWELL_STEP_OUTPUT_TOO_LARGE",
    `The step "${stepId}" returned ${bytes} bytes of JSON; the limit is ${STEP_OUTPUT_BYTES_MAX}. ` +
      "Store the data yourself (S3, a table) and return where it is.",
  );
}

/** @throws StepwellError when the value is no JSON, or too large. */
export function outputJson(value: unknown): string {
  const json = toJson(value, "The function returned");
  const bytes = Buffer.byteLength(json);
  if (bytes <= RUN_OUTPUT_BYTES_MAX) return json;
  throw new StepwellError(
    "STEPWELL_RUN_OUTPUT_TOO_LARGE",
    `The function returned ${bytes} bytes of JSON; the limit is ${RUN_OUTPUT_BYTES_MAX}. Return where the data is instead.`,
  );
}

function toJson(value: unknown, subject: string): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    throw new StepwellError(
      "STEPWELL_OUTPUT_NOT_JSON",
      `${subject} a value that is not JSON: ${error instanceof Error ? error.message : String(error)}. ` +
        "Results are stored as JSON: convert BigInt to a string, and leave circular references out.",
    );
  }
}

export const stepPayloadName = (run: RunKey, key: string) => `runs/${run.env}/${run.app}/${run.runId}/${key}`;

/** A step's value as it is stored. @throws StepwellError for a value that cannot be. */
export async function stepOutcome(payloads: PayloadStore, run: RunKey, key: string, json: string): Promise<Outcome> {
  const data: Payload = await payloads.store(stepPayloadName(run, key), json);
  return { ok: true, data };
}

export const errorOutcome = (error: unknown, stepId: string): Outcome => ({
  ok: false,
  error: serializeError(error, stepId),
});

export const payloadBytes = (payload: Payload): number =>
  "json" in payload ? Buffer.byteLength(payload.json) : payload.bytes;
