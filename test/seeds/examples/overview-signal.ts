import { inngest } from "./overview-client.ts";

// The original is a part of a function's body.
export const signalled = inngest.createFunction({ id: "signalled" }, { event: "test" }, async ({ step }) => {
const signal = await step.waitForSignal("wait-for-approval", {
    signal: "task/unique-signal-id",
    timeout: "3d",
})
return signal;
});
