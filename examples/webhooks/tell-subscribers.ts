import { stepwell } from "./client.ts";

/** Started by events of our own, sent by other functions with `step.sendEvent`. The condition leaves new fans out. */
export const tellSubscribers = stepwell.createFunction(
  { id: "tell-subscribers" },
  { event: "repo/activity", if: "event.data.kind == 'release'" },
  async ({ event, step }) => {
    const subscribers = await step.run("find-subscribers", () => ["ada@example.com", "grace@example.com"]);
    // A loop may use the same step id again and again.
    for (const to of subscribers) await step.run("mail", () => ({ to, subject: event.data.text }));
    return { mails: subscribers.length };
  },
);
