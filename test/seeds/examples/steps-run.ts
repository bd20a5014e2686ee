import { inngest } from "./steps-client.ts";
declare const userId: string;
declare const user: { email: string };
declare const db: { user: { findById(id: string): Promise<{ name: string }> } };
declare const processData: (data: { name: string }) => string;
declare const sendEmail: (to: string, text: string) => Promise<void>;

// The original is a part of a function's body.
export const run = inngest.createFunction({ id: "run" }, { event: "test" }, async ({ step }) => {
// Basic usage
const result = await step.run("fetch-user", async () => {
  const user = await db.user.findById(userId);
  return user; // Always return useful data
});

// Synchronous code works too
const transformed = await step.run("transform-data", () => {
  return processData(result);
});

// Side effects (no return needed)
await step.run("send-notification", async () => {
  await sendEmail(user.email, "Welcome!");
});
return { result, transformed };
});
