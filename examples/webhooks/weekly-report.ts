import { stepwell } from "./client.ts";

/** By the clock: Mondays at nine in Rome. The demo does not wait for Monday, it fires it. */
export const weeklyReport = stepwell.createFunction(
  { id: "weekly-report" },
  { cron: "TZ=Europe/Rome 0 9 * * 1" },
  async ({ step }) => {
    const numbers = await step.run("count", () => ({ stars: 3, forks: 2 }));
    return step.run("write", () => `This week: ${numbers.stars} stars, ${numbers.forks} forks.`);
  },
);
