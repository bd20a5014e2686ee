import { inngest } from "./steps-client.ts";
declare const notifyAccountingTeam: () => Promise<string>;

// The original is a part of a function's body.
export const wait = inngest.createFunction({ id: "wait" }, { event: "app/invoice.created" }, async ({ step }) => {
// Basic event waiting with timeout
const approval = await step.waitForEvent("wait-for-approval", {
  event: "app/invoice.approved",
  timeout: "7d",
  match: "data.invoiceId" // Simple matching
});

// Expression-based matching (CEL syntax)
const subscription = await step.waitForEvent("wait-for-subscription", {
  event: "app/subscription.created",
  timeout: "30d",
  if: "event.data.userId == async.data.userId && async.data.plan == 'pro'"
});

// Handle timeout
if (!approval) {
  await step.run("handle-timeout", () => {
    // Approval never came
    return notifyAccountingTeam();
  });
}
return { approval, subscription };
});
