import { stepwell } from "./client.ts";
import { outside } from "./outside.ts";

/** GitHub puts these two on nearly every event. */
interface Origin {
  repository?: { full_name: string };
  sender?: { login: string };
}

/** A wildcard: every event of GitHub's, whether another function cares for it or not. */
export const audit = stepwell.createFunction({ id: "audit" }, { event: "github/*" }, async ({ event, step }) => {
  const { repository, sender }: Origin = event.data;
  const where = repository?.full_name ?? "outside of a repository";
  return step.run("record", () => outside({ what: event.name, where, who: sender?.login ?? "GitHub" }));
});
