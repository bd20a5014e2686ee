import { Stepwell } from "stepwell";
import { type CrashSafetyError, TestEngine } from "stepwell/test";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const stepwell = new Stepwell({ id: "shop" });
const PAID = { event: "shop/order.paid" };

/** What was found, and what the error says. */
async function caught(run: Promise<unknown>): Promise<CrashSafetyError> {
  await expect(run).rejects.toMatchObject({ code: "STEPWELL_NOT_CRASH_SAFE" });
  return (await run.catch((error: unknown) => error)) as CrashSafetyError;
}

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
    const report = await t.survivesCrashes({ reset: () => shipped.clear(), effects: () => [...shipped] });
    expect(report).toEqual({
      points: [
        { functionId: "ship", stepId: "label", at: "bodyEnded" },
        { functionId: "ship", stepId: "label", at: "stepEnded" },
        { functionId: "ship", stepId: "handling", at: "stepEnded" },
        { functionId: "ship", stepId: "carry", at: "bodyEnded" },
        { functionId: "ship", stepId: "carry", at: "stepEnded" },
      ],
      varying: ["result.label", "steps.label.output", "effects[0]"],
    });
  });

  it("runs each body as often as a crash explains: once more where its result was not stored", async () => {
    const plays: string[][] = [];
    const two = stepwell.createFunction({ id: "two" }, PAID, async ({ step }) => {
      for (const id of ["a", "b"]) await step.run(id, () => void plays.at(-1)?.push(id));
    });
    await new TestEngine({ function: two }).survivesCrashes({ reset: () => plays.push([]) });
    expect(plays.map((bodies) => bodies.join(""))).toEqual(["ab", "ab", "aab", "ab", "abb", "ab"]);
  });
});

it("results that are buffered are lost with the process: their bodies run again, and all comes out the same", async () => {
  const plays: string[][] = [];
  const three = stepwell.createFunction(
    { id: "three", checkpointing: { bufferedSteps: 3 } },
    PAID,
    async ({ step }) => {
      for (const id of ["a", "b", "c"]) await step.run(id, () => void plays.at(-1)?.push(id));
    },
  );
  await new TestEngine({ function: three }).survivesCrashes({ reset: () => plays.push([]) });
  expect(plays.map((bodies) => bodies.join(""))).toEqual([
    "abc",
    "abc",
    "aabc",
    "aabc",
    "ababc",
    "ababc",
    "abcabc",
    "abc",
  ]);
});

describe("what is not safe is found, with the step at which the process died", () => {
  it("a body that does something again that is not the same twice", async () => {
    const charges: string[] = [];
    const pay = stepwell.createFunction({ id: "pay" }, PAID, async ({ step }) => {
      await step.run("look", () => "fine");
      await step.run("charge", () => void charges.push("12 €"));
    });
    const t = new TestEngine({ function: pay });
    const { findings, message } = await caught(
      t.survivesCrashes({ reset: () => charges.splice(0), effects: () => charges }),
    );
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

  it("an effect between steps, which every replay repeats", async () => {
    let mails = 0;
    const mail = stepwell.createFunction({ id: "mail" }, PAID, async ({ step }) => {
      mails += 1;
      await step.run("look", () => "fine");
    });
    const reset = () => {
      mails = 0;
    };
    const { findings } = await caught(
      new TestEngine({ function: mail }).survivesCrashes({ reset, effects: () => mails }),
    );
    expect(findings.map(({ stepId, at, differences }) => [stepId, at, differences])).toEqual([
      // Once in the takeover, and once more to tell the handler of its attempt.
      ["look", "bodyEnded", [{ path: "effects", without: "1", with: "3" }]],
      ["look", "stepEnded", [{ path: "effects", without: "1", with: "2" }]],
    ]);
  });

  it("an event that a body sends by the client, which starts a second run", async () => {
    const heard = stepwell.createFunction({ id: "heard" }, { event: "shop/hello" }, () => "heard");
    const says = stepwell.createFunction({ id: "says" }, PAID, ({ step }) =>
      step.run("say", async () => void (await stepwell.send({ name: "shop/hello", data: { to: "ann" } }))),
    );
    const { findings } = await caught(new TestEngine({ function: says, functions: [heard] }).survivesCrashes());
    expect(findings).toHaveLength(1);
    expect(findings[0]?.differences).toContainEqual({ path: "sent[1].data.to", without: undefined, with: '"ann"' });
    expect(findings[0]?.differences).toContainEqual({
      path: "runs.heard[1].output",
      without: undefined,
      with: '"heard"',
    });
  });

  it("a way that hangs on what is no step", async () => {
    let replays = 0;
    const tossed = stepwell.createFunction({ id: "tossed" }, PAID, async ({ step }) => {
      const odd = replays++ % 2 === 1;
      await step.run("toss", () => 1);
      return step.run(odd ? "tails" : "heads", () => (odd ? "tails" : "heads"));
    });
    const reset = () => {
      replays = 0;
    };
    const { findings } = await caught(new TestEngine({ function: tossed }).survivesCrashes({ reset }));
    expect(findings.map(({ stepId }) => stepId)).toContain("toss");
    expect(findings[0]?.differences).toContainEqual({ path: "result", without: '"heads"', with: '"tails"' });
  });

  it("a step without retries, since a crash is a try", async () => {
    const once = stepwell.createFunction({ id: "once", retries: 0 }, PAID, ({ step }) => step.run("only", () => 1));
    const { findings } = await caught(new TestEngine({ function: once }).survivesCrashes());
    expect(findings[0]).toMatchObject({ stepId: "only", at: "bodyEnded" });
    expect(findings[0]?.differences).toContainEqual({
      path: "error.code",
      without: undefined,
      with: '"STEPWELL_STEP_CRASHED"',
    });
  });

  it("in a function that is invoked", async () => {
    const made: number[] = [];
    const child = stepwell.createFunction({ id: "child" }, { event: "shop/child" }, ({ step }) =>
      step.run("make", () => made.push(1)),
    );
    const parent = stepwell.createFunction({ id: "parent" }, PAID, ({ step }) =>
      step.invoke("child", { function: child }),
    );
    const t = new TestEngine({ function: parent, functions: [child] });
    const { findings } = await caught(t.survivesCrashes({ reset: () => made.splice(0), effects: () => made }));
    expect(findings.map(({ functionId, stepId }) => `${functionId}/${stepId}`)).toEqual(["child/make"]);
  });
});

describe("what may differ", () => {
  const timed = stepwell.createFunction({ id: "timed" }, PAID, async ({ step }) => {
    const from = await step.run("from", () => Date.now());
    const to = await step.run("to", () => Date.now());
    return { from, to, took: to - from };
  });

  it("are times, and what else differs without a crash: the report names it", async () => {
    const { varying } = await new TestEngine({ function: timed }).survivesCrashes({ ignore: ["result.took"] });
    expect(varying).toEqual(["result.from", "result.to", "steps.from.output", "steps.to.output"]);
  });

  it("has to be said of a span of time, which only a crash makes longer", async () => {
    const { findings } = await caught(new TestEngine({ function: timed }).survivesCrashes());
    expect(findings[0]).toMatchObject({ stepId: "from", differences: [{ path: "result.took", without: "0" }] });
  });

  it("are not effects that are never put back", async () => {
    const deeds: number[] = [];
    const does = stepwell.createFunction({ id: "does" }, PAID, ({ step }) => step.run("do", () => deeds.push(1)));
    await expect(new TestEngine({ function: does }).survivesCrashes({ effects: () => deeds })).rejects.toMatchObject({
      code: "STEPWELL_INVALID_OPTION",
      message: expect.stringMatching(/effects: two runs without a crash .* effects\[1\] .* `reset`/),
    });
  });
});
