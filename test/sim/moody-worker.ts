/** A worker for a crew, made to be stuck (1), to die (2), or to do its work. */
import type { Task } from "../../sim/task.ts";

process.on("message", ({ seed, workload }: Task) => {
  if (seed === 2) process.exit(3);
  if (seed > 2) process.send?.({ seed, workload, findings: [], hash: String(process.pid) });
});
process.on("disconnect", () => process.exit());
