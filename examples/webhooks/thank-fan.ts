import { stepwell } from "./client.ts";

/** Several triggers: whoever stars, forks or watches a repository is thanked. */
export const thankFan = stepwell.createFunction(
  { id: "thank-fan" },
  [{ event: "github/star.created" }, { event: "github/fork" }, { event: "github/watch.started" }],
  async ({ event, step }) => {
    const { repository, sender } = event.data;

    // Thanks within the same second look like a robot's.
    await step.sleep("a-moment", "1s");

    const text = await step.run("write-thanks", () => `Thank you, ${sender.login}!`);
    await step.sendEvent("tell", {
      name: "repo/activity",
      data: { kind: "fan", repository: repository.full_name, text },
    });
    return text;
  },
);
