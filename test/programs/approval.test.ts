/** Human approval: the manager is asked, reminded each day, and after three days the request lapses. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const chat = new Outside();

const expense = stepwell.createFunction({ id: "expense" }, { event: "expense/filed" }, async ({ event, step }) => {
  const { expenseId, manager } = event.data;
  for (let day = 1; day <= 3; day++) {
    await step.run("ask", () => chat.do(`${expenseId}/day-${day}`, `${manager}: please look at ${expenseId}`));
    const answer = await step.waitForEvent("answer", {
      event: "expense/answered",
      if: "async.data.expenseId == event.data.expenseId",
      timeout: "1d",
    });
    if (answer !== null) return { approved: answer.data.approved === true, by: answer.data.by, day };
  }
  await step.run("withdraw", () => chat.do(`${expenseId}/withdrawn`, "nobody has answered"));
  return { approved: false };
});

const events = [{ name: "expense/filed", data: { expenseId: "e1", manager: "mia" } }];
const answer = { name: "expense/answered", data: { expenseId: "e1", approved: true, by: "mia" } };
const ofAnother = { name: "expense/answered", data: { expenseId: "e2", approved: false, by: "max" } };

const silent = new TestEngine({ function: expense, events }).onWait("answer");
const second: TestEngine = new TestEngine({ function: expense, events })
  .onWait("answer", () => second.sendEvent(ofAnother))
  .onWait("answer:1", async () => {
    await second.passTime("6h");
    await second.sendEvent(answer);
  });
const effects = { reset: () => chat.clear(), effects: () => chat.list() };

describe("human approval", () => {
  beforeEach(() => chat.clear());

  it("goes on with the answer, which comes the day after, and not with one about something else", async () => {
    const { result, run } = await second.execute();
    expect(result).toEqual({ approved: true, by: "mia", day: 2 });
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(30 * 3_600_000);
  });

  it("lapses when nobody answers, after three questions", async () => {
    const { result } = await silent.execute();
    expect(result).toEqual({ approved: false });
    expect(chat.list().map(([key]) => key)).toEqual(["e1/day-1", "e1/day-2", "e1/day-3", "e1/withdrawn"]);
  });

  it("comes out the same after a crash at every step, with an answer and without", async () => {
    const answered = await second.survivesCrashes(effects);
    expect(answered.points).toHaveLength(2 * 2 + 2);
    const lapsed = await silent.survivesCrashes(effects);
    expect(lapsed.points).toHaveLength(3 * 3 + 2);
  });
});
