import { describe, expect, it } from "vitest";
import { runHandler } from "./cloud.ts";

const fanout = { parallelism: "fanout" } as const;
const letters = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);

describe('parallelism: "fanout"', () => {
  it("runs each of several parallel steps in an invocation of its own, and goes on once", async () => {
    let handlers = 0;
    const { run, cloud } = await runHandler(async ({ step }) => {
      handlers += 1;
      return Promise.all(letters(10).map((id) => step.run(id, () => id.toUpperCase())));
    }, fanout);
    expect(run.output).toEqual(letters(10).map((id) => id.toUpperCase()));
    // The start, ten steps, and one that goes on; each begins the handler anew.
    expect(cloud.meter().invocations).toBe(12);
    expect(handlers).toBe(12);
  });

  it("runs steps that are alone in the run's own invocation", async () => {
    const { run, cloud } = await runHandler(async ({ step }) => {
      const a = await step.run("a", () => 1);
      const b = await step.run("b", () => a + 1);
      return a + b;
    }, fanout);
    expect(run.output).toBe(3);
    expect(cloud.meter().invocations).toBe(1);
  });

  it("runs each body once, and gives each the attempt of its own step", async () => {
    const seen: string[] = [];
    const { run } = await runHandler(
      async ({ step, attempt }) =>
        Promise.all(
          ["steady", "flaky"].map((id) =>
            step.run(id, () => {
              seen.push(`${id} ${attempt}`);
              if (id === "flaky" && attempt < 2) throw new Error(`try ${attempt}`);
              return attempt;
            }),
          ),
        ),
      { ...fanout, retries: { attempts: 4, backoff: "fixed" } },
    );
    expect(run.output).toEqual([0, 2]);
    expect(seen.toSorted()).toEqual(["flaky 0", "flaky 1", "flaky 2", "steady 0"]);
    expect(run.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
      ["steady", 1],
      ["flaky", 3],
    ]);
  });

  it("a step that is out of retries rejects in the handler, once the others have ended", async () => {
    const { run } = await runHandler(
      async ({ step }) => {
        const results = await Promise.allSettled([
          step.run("fine", () => "fine"),
          step.run("broken", () => {
            throw new TypeError("broken");
          }),
        ]);
        return results.map((result) => (result.status === "fulfilled" ? result.value : result.reason.message));
      },
      { ...fanout, retries: 1 },
    );
    expect(run.output).toEqual(["fine", "broken"]);
  });
});
