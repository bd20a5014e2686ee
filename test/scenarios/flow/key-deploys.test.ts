import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Backoff } from "stepwell";
import { expect, it, onTestFinished } from "vitest";
import { on, openCloud } from "../cloud.ts";

/** The most that execute at a time of ten runs that were in line for one slot when a deploy changes their limit's key or scope. */
async function mostAfter(after: object): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "stepwell-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  let [live, most] = [0, 0];
  const worker = (limit: object) =>
    on(
      "work",
      ({ event, step, attempt }) =>
        step.run("work", async () => {
          if (event.data.first && attempt === 0) throw new Backoff("a", "5m");
          most = Math.max(most, ++live);
          await new Promise((resolve) => setTimeout(resolve, 5));
          live--;
        }),
      { concurrency: { limit: 1, ...limit } as never },
    );
  const before = await openCloud([worker({ key: "event.data.user" })], { dataDir });
  const events = Array.from({ length: 10 }, (_, i) => ({ name: "shop/work", data: { user: "a", first: i === 0 } }));
  await before.send(events);
  await before.close();
  const cloud = await openCloud([worker(after)], { dataDir });
  await cloud.passTime("1h");
  expect((await cloud.runs()).map(({ status }) => status)).toEqual(Array(10).fill("completed"));
  return most;
}

it.each([
  ["key", { key: "event.data['user']" }],
  ["scope", { key: "event.data.user", scope: "env" }],
])("runs that are in line when a deploy changes the %s of their limit keep to it", async (_, after) => {
  expect(await mostAfter(after)).toBe(1);
});
