import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { race } from "../execution/racing.ts";
import type { Group, ParallelOptions } from "../types/index.ts";
import { rejecting } from "./step-id.ts";

const CODE = "STEPWELL_INVALID_STEP";
const WHERE = "group.parallel";

type Body<T> = () => Promise<T>;

export const group: Group = {
  parallel: <T>(first: ParallelOptions | Body<T>, second?: Body<T>) =>
    rejecting<T>(() => race(typeof first === "function" ? first : checkCall(first, second))),
};

function checkCall<T>(options: unknown, body: unknown): Body<T> {
  if (!isRecord(options) || typeof body !== "function") {
    const text = `the arguments must be the function whose steps run, or { mode? } and that function, got ${quote(options)} and ${quote(body)}.`;
    throw badInput(CODE, WHERE, text);
  }
  refuseUnknownKeys(options, ["mode"], CODE, WHERE);
  const { mode = "race" } = options;
  if (mode !== "race") throw badInput(CODE, `${WHERE}: mode`, `must be "race", got ${quote(mode)}.`);
  return body as Body<T>;
}
