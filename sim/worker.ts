/** A process that plays stories for `crew.ts`. */
import { perform, type Task } from "./task.ts";

process.on("message", (task: Task) => {
  perform(task).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`Seed ${task.seed} of ${task.workload}: ${(error as Error).stack}\n`);
      process.exit(1);
    },
  );
});
// Nothing is played for nobody.
process.on("disconnect", () => process.exit());
