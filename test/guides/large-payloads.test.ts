import { expect, it } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";

const MB = 1_000_000;
const files = new Map<string, number>();
const storage = { write: async (key: string, text: string) => void files.set(key, text.length) };

// #region large
const convert = stepwell.createFunction({ id: "convert" }, { event: "shop/report.wanted" }, async ({ event, step }) => {
  const pages = await step.run("pages", () => "page ".repeat(event.data.pages)); // up to 4 MB: stored for you
  return { size: pages.length };
});
// #endregion

it("a megabyte goes through events, steps and results", async () => {
  const cloud = await openCloud([convert]);
  const data = { pages: MB / 5, text: "x".repeat(2 * MB) };
  expect(await finish(cloud, { name: "shop/report.wanted", data })).toMatchObject({ output: { size: MB } });
});

it("what is larger is written by the step, which returns where", async () => {
  // #region address
  const render = stepwell.createFunction({ id: "render" }, { event: "shop/video.wanted" }, async ({ step, runId }) => {
    const key = await step.run("render", async () => {
      const video = "frame ".repeat(1_000_000); // 6 MB
      await storage.write(`videos/${runId}`, video);
      return `videos/${runId}`;
    });
    return key;
  });
  // #endregion
  const run = await finish(await openCloud([render]), { name: "shop/video.wanted" });
  expect(files.get(run.output as string)).toBe(6 * MB);
});
