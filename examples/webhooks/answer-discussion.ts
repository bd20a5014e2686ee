import { stepwell } from "./client.ts";

/** Waits for a discussion's answer; bumps the discussion when there is none in time. */
export const answerDiscussion = stepwell.createFunction(
  { id: "answer-discussion" },
  { event: "github/discussion.created" },
  async ({ event, step }) => {
    const { discussion } = event.data;

    // `match: "data.discussion.id"` says the same; a condition can say more, here that bots do not count.
    const answered = await step.waitForEvent("an-answer", {
      event: "github/discussion.answered",
      if: "async.data.discussion.id == event.data.discussion.id && async.data.answer.user.type != 'Bot'",
      timeout: "5s",
    });
    if (answered !== null) return { answered: true };

    await step.run("bump", () => `Does somebody know more about "${discussion.title}"?`);
    return { answered: false };
  },
);
