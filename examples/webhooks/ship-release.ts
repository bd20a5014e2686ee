import { checkCommit } from "./check-commit.ts";
import { stepwell } from "./client.ts";

const EMBARGO_MS = 6_000;

/** Every kind of step in one function. The demo prints the timeline of one of its runs. */
export const shipRelease = stepwell.createFunction(
  { id: "ship-release" },
  { event: "github/release.published" },
  async ({ event, step, attempt }) => {
    const { release } = event.data;
    const repository = event.data.repository.full_name;
    const tag = release.tag_name;

    // A mirror that is always busy at first. The step is tried again, the steps before it are not.
    const mirror = await step.run("upload-to-mirror", () => {
      if (attempt === 0) throw new Error("The mirror answered 503: busy.");
      return `mirror.example.com/${repository}/${tag}`;
    });

    // Whoever published it may still correct the notes; if nobody does, they are good as they are.
    const edited = await step.waitForEvent("last-corrections", {
      event: "github/release.edited",
      match: "data.release.id",
      timeout: "5s",
    });
    const title = edited?.data.release.name ?? tag;

    const [english, italian] = await Promise.all([
      step.run("notes-in-english", () => `${repository} ${title} is out`),
      step.run("notes-in-italian", () => `È uscito ${repository} ${title}`),
    ]);

    const { passed } = await step.invoke("check-secrets", {
      function: checkCommit,
      data: { repository, commit: release.target_commitish, check: "secrets" },
    });

    await step.sleep("let-mirrors-catch-up", "1s");

    // Nobody hears of it before the embargo ends; in real life that may be next month.
    await step.sleepUntil("embargo", new Date(event.ts + EMBARGO_MS));

    await step.sendEvent("announce", { name: "repo/activity", data: { kind: "release", repository, text: english } });
    return { tag, mirror, passed, notes: [english, italian] };
  },
);
