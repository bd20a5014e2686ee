import type { Workload } from "../../contract.ts";
import { judgeFlow } from "./judge.ts";
import type { Rules } from "./rules.ts";
import { actsOf, drawTale, functionsOf, type Tale } from "./story.ts";

/** Every option of flow control, in any company, with bursts of events. */
export const flowControl: Workload = {
  name: "flow-control",
  draw: (draw) => {
    const tale = drawTale(draw);
    return {
      about: tellRules(tale),
      functions: (app) => functionsOf(tale, app),
      acts: actsOf(tale),
      judge: (played) => judgeFlow(tale, played),
    };
  },
};

function tellRules({ functions, deadly, failing }: Tale): string {
  const rules = Object.entries(functions).map(([id, of]: [string, Rules]) => `${id}: ${JSON.stringify(of)}`);
  const ill = [
    ...deadly.map((id) => `${id} is deadly`),
    ...Object.entries(failing).map(([id, how]) => `${id} fails in its ${how}`),
  ];
  return [...rules, ...(ill.length === 0 ? [] : [ill.join(", ")])].join("\n");
}
