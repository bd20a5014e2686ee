import { inngest } from "./steps-client.ts";
declare const email: string;
declare const sendEmail: (to: string) => Promise<void>;
declare const sendFollowupEmail: (to: string) => Promise<void>;

// The original is a part of a function's body.
export const sleep = inngest.createFunction({ id: "sleep" }, { event: "test" }, async ({ step }) => {
// Duration strings
await step.sleep("wait-24h", "24h");
await step.sleep("short-delay", "30s");
await step.sleep("weekly-pause", "7d");

// Use in workflows
await step.run("send-welcome", () => sendEmail(email));
await step.sleep("wait-for-engagement", "3d");
await step.run("send-followup", () => sendFollowupEmail(email));
});

// The same.
export const sleepUntil = inngest.createFunction({ id: "sleep-until" }, { event: "test" }, async ({ event, step }) => {
const reminderDate = new Date("2024-12-25T09:00:00Z");
await step.sleepUntil("wait-for-christmas", reminderDate);

// From event data
const scheduledTime = new Date(event.data.remind_at);
await step.sleepUntil("wait-for-scheduled-time", scheduledTime);
});
