import { badInput } from "../../errors/index.ts";
import type { FlowManifest, TriggerManifest } from "../../protocol/index.ts";
import { CODE } from "./fields.ts";

type Option = keyof FlowManifest;

interface Conflict {
  readonly options: readonly [Option, Option];
  readonly reason: string;
}

/** Options that cannot go together, each with the reason. All other combinations have a meaning: the order of flow control says which. */
export const CONFLICTS: readonly Conflict[] = [
  {
    options: ["batchEvents", "cancelOn"],
    reason:
      "a batch has many events, and it would not be clear which of them `match` and `if` are about. Use `timeouts`, or no batches.",
  },
  {
    options: ["batchEvents", "debounce"],
    reason:
      "both hold events back. Use `debounce` with `collect: true` to get all events up to a pause, or `batchEvents` alone.",
  },
  {
    options: ["batchEvents", "singleton"],
    reason: "the events of a batch that is skipped or cancelled would be lost. Use `concurrency: 1`, which loses none.",
  },
];

/** Options that wait for more events. */
const GATHERING: readonly Option[] = ["debounce", "batchEvents"];

/** Refuses what cannot work together, rather than let one option silently win. */
export function refuseConflicts(flow: FlowManifest, triggers: readonly TriggerManifest[], where: string): void {
  for (const { options, reason } of CONFLICTS) {
    const [one, other] = options;
    if (flow[one] === undefined || flow[other] === undefined) continue;
    throw badInput(CODE, `${where}: ${one}`, `cannot go together with \`${other}\`: ${reason}`);
  }
  const gathering = GATHERING.find((option) => flow[option] !== undefined);
  if (gathering === undefined || triggers.some(({ kind }) => kind === "event")) return;
  const text =
    "waits for more events, and all triggers of this function are crons: each firing is alone. Leave it out.";
  throw badInput(CODE, `${where}: ${gathering}`, text);
}
