/** Parallel reduce: all parts at the same time, then one step over all results, in the order of the parts. */
import { TestEngine } from "stepwell/test";
import { describe, expect, it } from "vitest";
import { stepwell } from "./outside.ts";

const countWords = (text: string) => text.split(" ").length;

const count = stepwell.createFunction({ id: "count-words" }, { event: "text/added" }, async ({ event, step }) => {
  const pages: string[] = event.data.pages;
  const counts = await Promise.all(pages.map((page, i) => step.run(`page-${i}`, () => countWords(page))));
  return step.run("sum", () => ({ counts, total: counts.reduce((sum, words) => sum + words, 0) }));
});

const pages = ["once upon a time", "there was", "a very long river"];
const t = new TestEngine({ function: count, events: [{ name: "text/added", data: { pages } }] });

describe("parallel reduce", () => {
  it("adds up what the parts have given", async () => {
    const { result, state } = await t.execute();
    expect(result).toEqual({ counts: [4, 2, 4], total: 10 });
    await expect(state["page-1"]).resolves.toBe(2);
  });

  it("waits for a part that is tried again, and runs the others once", async () => {
    let tries = 0;
    const flaky = () => {
      tries += 1;
      if (tries < 3) throw new Error("the page is locked");
      return 2;
    };
    const { result, run } = await t.execute({ steps: [{ id: "page-1", handler: flaky }] });
    expect(result).toEqual({ counts: [4, 2, 4], total: 10 });
    expect(run.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
      ["page-0", 1],
      ["page-1", 3],
      ["page-2", 1],
      ["sum", 1],
    ]);
  });

  it("comes out the same after a crash at every step", async () => {
    const { points } = await t.survivesCrashes();
    expect(points).toHaveLength(2 * 4);
  });
});
