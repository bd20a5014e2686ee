import { Stepwell } from "stepwell";
import { type CrashSafetyError, TestEngine } from "stepwell/test";
import { describe, expect, it } from "vitest";

const stepwell = new Stepwell({ id: "shop" });
const PAID = { event: "shop/order.paid" };

describe("survivesCrashes", () => {
  it("kills the process before and after the result of each step is stored, and finds all the same", async () => {
    const shipped = new Set<string>();
    const ship = stepwell.createFunction({ id: "ship" }, PAID, async ({ step, runId }) => {
      const label = await step.run("label", () => `label of ${runId}`);
      await step.sleep("handling", "1d");
      await step.run("carry", () => void shipped.add(label));
      return { label };
    });
    const t = new TestEngine({ function: ship });
    const started = performance.now();
    const report = await t.survivesCrashes({ reset: () => shipped.clear(), effects: () => [...shipped] });
    console.log(performance.now() - started);
    expect(report).toEqual({
      points: [
        { functionId: "ship", stepId: "label", at: "bodyEnded" },
        { functionId: "ship", stepId: "label", at: "stepEnded" },
        { functionId: "ship", stepId: "handling", at: "stepEnded" },
        { functionId: "ship", stepId: "carry", at: "bodyEnded" },
        { functionId: "ship", stepId: "carry", at: "stepEnded" },
      ],
      varying: ["result.label", 'steps["label"].output', "effects[0]"],
    });
  });

  it("says which step is not safe: its body does something again that is not the same twice", async () => {
    const charges: string[] = [];
    const pay = stepwell.createFunction({ id: "pay" }, PAID, async ({ step }) => {
      await step.run("look", () => "fine");
      await step.run("charge", () => void charges.push("12 €"));
    });
    const t = new TestEngine({ function: pay });
    const run = t.survivesCrashes({ reset: () => charges.splice(0), effects: () => charges });
    await expect(run).rejects.toMatchObject({ code: "STEPWELL_NOT_CRASH_SAFE" });
    const { findings, message } = (await run.catch((error: unknown) => error)) as CrashSafetyError;
    expect(findings).toEqual([
      {
        functionId: "pay",
        stepId: "charge",
        at: "bodyEnded",
        differences: [{ path: "effects[1]", without: undefined, with: '"12 €"' }],
        ranAgain: ["pay/charge"],
      },
    ]);
    expect(message).toContain(
      '"pay" died after the body of the step "charge", before its result was stored: ' +
        'effects[1] is "12 €", without the crash not there; run again: pay/charge',
    );
  });
});
