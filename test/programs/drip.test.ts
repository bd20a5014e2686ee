/** Drip campaign: a mail each few days, until the customer buys or unsubscribes. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const mails = new Outside();
const CAMPAIGN = [
  { mail: "welcome", pause: "2d" },
  { mail: "tips", pause: "4d" },
  { mail: "offer", pause: "1w" },
  { mail: "farewell", pause: undefined },
] as const;

const drip = stepwell.createFunction(
  {
    id: "drip",
    cancelOn: [{ event: "user/unsubscribed", match: "data.userId" }],
    onCancel: ({ event, step }) =>
      step.run("confirm", () => mails.do(`${event.data.event.data.userId}/goodbye`, "you are off the list")),
  },
  { event: "user/signed-up" },
  async ({ event, step }) => {
    const { userId } = event.data;
    for (const { mail, pause } of CAMPAIGN) {
      await step.run(`send-${mail}`, () => mails.do(`${userId}/${mail}`, mail));
      if (pause !== undefined) await step.sleep(`after-${mail}`, pause);
    }
    return { sent: CAMPAIGN.length };
  },
);

const events = [{ name: "user/signed-up", data: { userId: "u1" } }];
const loyal = new TestEngine({ function: drip, events });
const leaving: TestEngine = new TestEngine({ function: drip, events }).onWait("after-tips", async () => {
  await leaving.passTime("1d");
  await leaving.sendEvent({ name: "user/unsubscribed", data: { userId: "u1" } });
});
const effects = { reset: () => mails.clear(), effects: () => mails.list() };

describe("drip campaign", () => {
  beforeEach(() => mails.clear());

  it("sends all mails, days apart", async () => {
    const { result, run } = await loyal.execute();
    expect(result).toEqual({ sent: 4 });
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(13 * 86_400_000);
    expect(mails.list().map(([key]) => key)).toEqual(["u1/farewell", "u1/offer", "u1/tips", "u1/welcome"]);
  });

  it("ends at once, in the middle of a sleep, when the customer unsubscribes", async () => {
    const { error, result, run } = await leaving.execute();
    expect(run.status).toBe("cancelled");
    expect(error).toMatchObject({ code: "STEPWELL_RUN_CANCELLED" });
    expect(result).toBeUndefined();
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(3 * 86_400_000);
    expect(mails.list().map(([key]) => key)).toEqual(["u1/goodbye", "u1/tips", "u1/welcome"]);
  });

  it("comes out the same after a crash at every step, to the end and unsubscribed", async () => {
    expect((await loyal.survivesCrashes(effects)).points).toHaveLength(4 * 2 + 3);
    const { points } = await leaving.survivesCrashes(effects);
    expect(points.map(({ functionId, stepId }) => `${functionId}/${stepId}`)).toContain("drip-cancel/confirm");
  });
});
