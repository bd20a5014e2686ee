import { checkCommit } from "./check-commit.ts";
import { stepwell } from "./client.ts";

const CHECKS = ["licence", "secrets", "spelling"] as const;

/** Fan-out: every check of every commit is a run of its own. */
export const reviewPush = stepwell.createFunction(
  { id: "review-push" },
  // Pushes of tags have no commits: no run for them.
  { event: "github/push", if: "size(event.data.commits) > 0" },
  async ({ event, step }) => {
    const { commits, pusher, ref } = event.data;
    const repository = event.data.repository.full_name;

    // Steps that are asked for together run together.
    const [files, owner] = await Promise.all([
      step.run("list-files", () => [...new Set(commits.flatMap((commit) => [...commit.added, ...commit.modified]))]),
      step.run("find-owner", () => pusher.name),
    ]);

    // The children run wherever there is room. Meanwhile this run sleeps; it wakes when the last of them has answered.
    const results = await Promise.all(
      commits.flatMap(({ id: commit }) =>
        CHECKS.map((check) =>
          step.invoke(`${check}-${commit.slice(0, 7)}`, { function: checkCommit, data: { repository, commit, check } }),
        ),
      ),
    );

    const failed = results.filter(({ passed }) => !passed).map(({ check }) => check);
    return { ref, owner, files: files.length, checks: results.length, failed };
  },
);
