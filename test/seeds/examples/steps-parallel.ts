import { inngest } from "./steps-client.ts";
declare const user: { id: string; email: string };
declare const sendWelcomeEmail: (to: string) => Promise<string>;
declare const crmService: { addUser(user: object): Promise<string> };
declare const subscriptionService: { create(userId: string): Promise<string> };

// The original is a part of a function's body.
export const parallel = inngest.createFunction({ id: "parallel" }, { event: "test" }, async ({ step }) => {
// Create steps without awaiting
const sendEmail = step.run("send-email", async () => {
  return await sendWelcomeEmail(user.email);
});

const updateCRM = step.run("update-crm", async () => {
  return await crmService.addUser(user);
});

const createSubscription = step.run("create-subscription", async () => {
  return await subscriptionService.create(user.id);
});

// Run all in parallel
const [emailId, crmRecord, subscription] = await Promise.all([
  sendEmail,
  updateCRM,
  createSubscription
]);
return [emailId, crmRecord, subscription];
});
