import { stepwell } from "./client.ts";
import { outside } from "./outside.ts";

/** One check of one commit. Other functions invoke it; its event is only the type of what they hand over. */
export const checkCommit = stepwell.createFunction(
  { id: "check-commit" },
  { event: "repo/check.requested" },
  async ({ event, step }) => {
    const { commit, check } = event.data;
    const findings = await step.run(check, () => look(commit, check));
    return { check, passed: findings === 0 };
  },
);

/** Where the real thing would fetch the commit and read it. */
const look = (commit: string, check: string): Promise<number> =>
  outside(check === "secrets" && commit.startsWith("5ec2e7") ? 1 : 0);
