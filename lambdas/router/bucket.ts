import { StepwellError } from "../../sdk/protocol/index.ts";
import type { Admitted, Candidate } from "./admit.ts";
import type { RouterDeps } from "./deps.ts";

/** Puts an event in the bucket of its function's `debounce` or `batchEvents`. */
export async function addToBucket(_: RouterDeps, { match: { fn } }: Candidate): Promise<Admitted> {
  throw new StepwellError(
    "STEPWELL_UNSUPPORTED",
    `The function "${fn.id}" has debounce or batchEvents, which this engine does not know.`,
  );
}
