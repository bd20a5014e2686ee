import { inngest } from "./steps-client.ts";
declare const user: { id: string; email: string };
declare const profileChanges: object;
declare const invoiceId: string;

// The original is a part of a function's body.
export const sendEvent = inngest.createFunction({ id: "send-event" }, { event: "test" }, async ({ step }) => {
// Trigger other functions
await step.sendEvent("notify-systems", {
  name: "user/profile.updated",
  data: { userId: user.id, changes: profileChanges }
});

// Multiple events at once
await step.sendEvent("batch-notifications", [
  { name: "billing/invoice.created", data: { invoiceId } },
  { name: "email/invoice.send", data: { email: user.email, invoiceId } }
]);
});
