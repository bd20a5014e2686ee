import { stepwell } from "../client.ts";
import { sendMail } from "../mail.ts";

/** Asks a new user to confirm the address, for three days; the day after the confirmation come some tips. */
export const welcome = stepwell.createFunction(
  { id: "welcome", retries: 3 },
  { event: "my-app/user.signed-up" },
  async ({ event, step }) => {
    const { email } = event.data;
    await step.run("ask", () => sendMail(email, "Please confirm your address"));
    const confirmed = await step.waitForEvent("confirmation", {
      event: "my-app/user.confirmed",
      match: "data.userId", // the same in both events
      timeout: "3d",
    });
    if (confirmed === null) return { welcomed: false };
    await step.sleep("a day later", "1d");
    const tips = await step.run("tips", () => sendMail(email, "Three things to try"));
    return { welcomed: true, subject: tips.subject };
  },
);
