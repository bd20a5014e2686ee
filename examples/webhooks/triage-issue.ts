import { stepwell } from "./client.ts";

/** Suggests a label for a new issue, and waits for a person to set one. */
export const triageIssue = stepwell.createFunction(
  { id: "triage-issue" },
  { event: "github/issues.opened" },
  async ({ event, step }) => {
    const { issue } = event.data;
    const suggestion = await step.run("classify", () => classify(`${issue.title} ${issue.body ?? ""}`));

    // Days in real life. While it waits, a run costs nothing: no process, no connection, no polling.
    const labeled = await step.waitForEvent("a-label", {
      event: "github/issues.labeled",
      match: "data.issue.id",
      timeout: "5s",
    });

    if (labeled === null) {
      await step.run("remind-maintainers", () => `Issue ${issue.number} has no label yet. Is it "${suggestion}"?`);
      return { suggestion, label: null };
    }
    return { suggestion, label: labeled.data.label?.name ?? null };
  },
);

function classify(text: string): "bug" | "documentation" | "question" {
  if (/readme|spelling|typo|docs/i.test(text)) return "documentation";
  return text.includes("?") ? "question" : "bug";
}
