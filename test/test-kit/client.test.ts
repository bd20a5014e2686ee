import { EventSchemas, eventType, Stepwell } from "stepwell";
import { dependencyInjectionMiddleware, encryptionMiddleware } from "stepwell/middleware";
import { TestEngine } from "stepwell/test";
import { describe, expect, it } from "vitest";
import { z } from "zod";

describe("a client with middleware", () => {
  const stepwell = new Stepwell({
    id: "shop",
    middleware: [
      dependencyInjectionMiddleware({ rates: { DE: 19 } }),
      encryptionMiddleware({ keys: [Buffer.alloc(32, 7)] }),
    ],
  });
  const tax = stepwell.createFunction({ id: "tax" }, { event: "shop/tax.asked" }, async ({ event, step, rates }) => {
    const net = await step.run("net", () => event.data.encrypted.net);
    const rate = await step.run("rate", () => rates.DE);
    const more = await step.waitForEvent("more", { event: "shop/more", timeout: "1d" });
    return { tax: net * rate, more: more?.data.encrypted };
  });
  const t: TestEngine = new TestEngine({
    function: tax,
    client: stepwell,
    events: [{ name: "shop/tax.asked", data: { encrypted: { net: 2 } } }],
    steps: [{ id: "rate", handler: () => 10 }],
  });
  t.onWait("more", () => t.sendEvent({ name: "shop/more", data: { encrypted: "secret" } }));

  it("has it in the test: results are as the code sees them, those of mocked steps too", async () => {
    const { result, state, run, ctx } = await t.execute();
    expect(result).toEqual({ tax: 20, more: "secret" });
    await expect(state.net).resolves.toBe(2);
    expect(run.steps.map(({ output }) => output)).toEqual([2, 10, expect.objectContaining({ name: "shop/more" })]);
    expect(ctx).toMatchObject({ rates: { DE: 19 }, event: { data: { encrypted: { net: 2 } } } });
    expect((await t.executeStep("net")).result).toBe(2);
  });

  it("is judged by what the code sees: what is encrypted anew each time is compared", async () => {
    const { varying } = await t.survivesCrashes();
    expect(varying.filter((path) => /result|net|rate/.test(path))).toEqual([]);
  });
});

describe("a client with schemas", () => {
  const paid = eventType("shop/paid", { schema: z.object({ total: z.number() }) });
  const stepwell = new Stepwell({
    id: "shop",
    schemas: new EventSchemas().fromSchema({ "shop/paid": z.object({ total: z.number() }) }),
  });
  const book = stepwell.createFunction({ id: "book" }, paid, ({ event }) => event.data.total);

  it("takes events that match", async () => {
    const events = [{ name: "shop/paid", data: { total: 3 } }];
    expect((await new TestEngine({ function: book, events }).execute()).result).toBe(3);
  });

  it("says what is wrong with one that does not, also with the empty one of a test without events", async () => {
    const { error } = await new TestEngine({ function: book }).execute();
    expect(error).toMatchObject({
      code: "STEPWELL_SCHEMA_MISMATCH",
      message: expect.stringContaining("total"),
    });
  });
});
