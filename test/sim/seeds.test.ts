import { afterAll, expect, it } from "vitest";
import { perform, type Report, taskOf } from "../../sim/task.ts";
import { workloads } from "../../sim/workloads/index.ts";

/** `npm run sim` plays hundreds more. */
const SEEDS = 50;
const AT_ONCE = 10;

const blocks = Array.from({ length: SEEDS / AT_ONCE }, (_, i) => [i * AT_ONCE + 1, (i + 1) * AT_ONCE] as const);
const reports: Report[] = [];

it.each(blocks)("all laws hold in the stories of the seeds %i to %i", { timeout: 300_000 }, async (first, last) => {
  for (let seed = first; seed <= last; seed++) {
    const report = await perform(taskOf(seed, undefined, true));
    reports.push(report);
    expect(report.findings, report.told).toEqual([]);
  }
});

/** What these stories have to come across, or they prove little. */
afterAll(() => {
  const played = new Set(reports.map(({ workload }) => workload));
  const struck = new Set(reports.flatMap((report) => Object.keys(report.struck)));
  expect(played.size).toBe(workloads.length);
  for (const kind of ["crashAfter", "crashBefore", "failAfter", "freeze", "late", "duplicate", "early"])
    expect(struck).toContain(kind);
});
