import { expect, it } from "vitest";
import type { Story } from "../../sim/contract.ts";
import { CALM, type Plan } from "../../sim/plan.ts";
import { simulate } from "../../sim/simulate.ts";

it("a story that makes calls without end is stopped, and breaks a law (L9)", async () => {
  const acts = [{ at: 0, kind: "send", event: { id: "go", name: "go" } }] as const;
  const story: Story = {
    about: "A function that works on and on.",
    acts,
    functions: ({ client }) => [
      client.createFunction({ id: "main" }, { event: "go" }, async ({ step }) => {
        for (let i = 0; ; i++) await step.run(`step ${i}`, () => i);
      }),
    ],
    judge: () => [],
  };
  const plan: Plan = { seed: 1, workload: "endless", acts, order: "drawn", weather: CALM };
  const { findings, hung } = await simulate(story, plan, { callsMax: 60 });
  expect(findings).toMatchObject([
    { law: "L9", text: expect.stringMatching(/^there is no end of calls: the last one is PutItem .*step/) },
  ]);
  expect(hung).toBe(false);
}, 60_000);
