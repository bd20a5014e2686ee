import { inngest } from "./steps-client.ts";
declare const tellTheWorker: (taskId: string) => Promise<void>;

// The original is a part of a function's body. The id is made in a step: outside of one it would be another one on each replay.
export const waitForSignal = inngest.createFunction({ id: "signal" }, { event: "test" }, async ({ step }) => {
const taskId = await step.run("task-id", () => "task-" + crypto.randomUUID());
await step.run("tell", () => tellTheWorker(taskId));

const signal = await step.waitForSignal("wait-for-task-completion", {
  signal: taskId,
  timeout: "1h",
  onConflict: "replace" // Required: "replace" overwrites pending signal, "fail" throws an error
});
return signal;
});
