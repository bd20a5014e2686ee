import { expect, it } from "vitest";
import { Crew } from "../../sim/crew.ts";
import type { Report, Task } from "../../sim/task.ts";

it("a process that is stuck, or dies, fails its own story and is replaced; one that works goes on", async () => {
  const tasks: Task[] = [1, 2, 3, 4].map((seed) => ({ workload: "moody", seed, tell: seed === 1 }));
  const reports: Report[] = [];
  const worker = new URL("./moody-worker.ts", import.meta.url);
  const crew = new Crew(tasks, (report) => reports.push(report), { worker, stuckMs: { play: 60_000, tell: 200 } });
  await crew.work(1);
  expect(reports.map(({ findings }) => findings.map(({ text }) => text))).toEqual([
    ["its process was stuck for 0.2 s"],
    ["its process ended by 3"],
    [],
    [],
  ]);
  expect(reports[3]?.hash).toBe(reports[2]?.hash);
}, 60_000);
