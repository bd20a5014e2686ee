/** `.catch` to a step: when one carrier is out of retries another one is asked. */
import { NonRetriableError, StepError } from "stepwell";
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const bookings = new Outside();

const ship = stepwell.createFunction(
  { id: "ship", retries: 2 },
  { event: "shop/order.paid" },
  async ({ step, runId }) => {
    const booking = await step
      .run("book-express", (): string => {
        throw new Error("no rider is free");
      })
      .catch((error: unknown) => {
        const reason = StepError.is(error) ? error.message : "unknown";
        return step.run("book-post", () => bookings.do(`${runId}/post`, `post, since ${reason}`));
      });
    return { booking };
  },
);

const t = new TestEngine({ function: ship });
const effects = { reset: () => bookings.clear(), effects: () => bookings.list().map(([, deed]) => deed) };

describe(".catch to a step", () => {
  beforeEach(() => bookings.clear());

  it("asks the other carrier once the first is out of retries", async () => {
    const { result, state, run } = await t.execute();
    expect(result).toEqual({ booking: "post, since no rider is free" });
    await expect(state["book-express"]).rejects.toThrow("no rider is free");
    expect(run.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
      ["book-express", 3],
      ["book-post", 1],
    ]);
  });

  it("asks it at once when trying again is hopeless", async () => {
    const refuse = () => {
      throw new NonRetriableError("the address is abroad");
    };
    const { result, run } = await t.execute({ steps: [{ id: "book-express", handler: refuse }] });
    expect(result).toEqual({ booking: "post, since the address is abroad" });
    expect(run.steps[0]?.attempts).toBe(1);
  });

  it("does not ask it when the first has a rider", async () => {
    const { result } = await t.execute({ steps: [{ id: "book-express", handler: () => "express" }] });
    expect(result).toEqual({ booking: "express" });
    expect(bookings.calls).toBe(0);
  });

  it("comes out the same after a crash at every step", async () => {
    const { points } = await t.survivesCrashes(effects);
    expect(points.map(({ stepId, at }) => `${stepId} ${at}`)).toEqual([
      "book-express stepEnded",
      "book-post bodyEnded",
      "book-post stepEnded",
    ]);
  });
});
