/** Fan-out by sendEvent: one event for each customer, each with a run of its own, which is retried and slept through on its own. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const mails = new Outside();

const newsletter = stepwell.createFunction(
  { id: "newsletter" },
  { event: "news/published" },
  async ({ event, step }) => {
    const customers = await step.run("load-customers", () => ["ann", "ben", "cho"]);
    const { ids } = await step.sendEvent(
      "fan-out",
      customers.map((customer) => ({ name: "news/mail.due", data: { customer, issue: event.data.issue } })),
    );
    return { sent: ids.length };
  },
);

const mail = stepwell.createFunction({ id: "mail" }, { event: "news/mail.due" }, async ({ event, step }) => {
  const { customer, issue } = event.data;
  await step.sleep("spread", "1h");
  return step.run("send", () => mails.do(`${issue}/${customer}`, `issue ${issue}`));
});

const t = new TestEngine({
  function: newsletter,
  functions: [mail],
  events: [{ name: "news/published", data: { issue: 7 } }],
});
const everybody = [
  ["7/ann", "issue 7"],
  ["7/ben", "issue 7"],
  ["7/cho", "issue 7"],
];

describe("fan-out by sendEvent", () => {
  beforeEach(() => mails.clear());

  it("sends one event a customer, and does not wait for what they start", async () => {
    const { result, ctx } = await t.execute();
    expect(result).toEqual({ sent: 3 });
    expect(ctx.step.sendEvent).toHaveBeenCalledWith("fan-out", [
      { name: "news/mail.due", data: { customer: "ann", issue: 7 } },
      { name: "news/mail.due", data: { customer: "ben", issue: 7 } },
      { name: "news/mail.due", data: { customer: "cho", issue: 7 } },
    ]);
    expect(mails.list()).toEqual([]);
  });

  it("comes out the same after a crash at every step of the sender and of a receiver: each gets one mail", async () => {
    const seen: unknown[] = [];
    const { points } = await t.survivesCrashes({
      reset: () => mails.clear(),
      effects: () => {
        seen.push(mails.list());
        return mails.list();
      },
    });
    expect(points.map(({ functionId, stepId }) => `${functionId}/${stepId}`)).toEqual([
      "newsletter/load-customers",
      "newsletter/load-customers",
      "newsletter/fan-out",
      "mail/spread",
      "mail/send",
      "mail/send",
    ]);
    expect(seen).toEqual(Array.from({ length: 2 + points.length }, () => everybody));
  });
});
