/** `node --import` this, and the simulator has one workload alone, whose stories break a law. */
import { registerHooks } from "node:module";
import type { Workload } from "../../sim/contract.ts";

const doomed: Workload = {
  name: "doomed",
  draw: () => ({
    about: "A function that is never as it should be.",
    functions: ({ client }) => [client.createFunction({ id: "main" }, { event: "doomed/go" }, async () => "done")],
    acts: ["a", "b"].map((id, i) => ({ at: i * 1_000, kind: "send", event: { id, name: "doomed/go" } })),
    judge: ({ runs }) => runs.map(({ id }) => ({ law: "L1" as const, text: `run ${id} is doomed`, runId: id })),
  }),
};

export const workloads = [doomed];

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith("/workloads/index.ts") ? { url: import.meta.url, shortCircuit: true } : next(specifier, context),
});
