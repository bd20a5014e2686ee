import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Summary } from "../../sim/summary.ts";
import { renderSummary } from "../../sim/summary.ts";
import type { Report } from "../../sim/task.ts";
import { tellUnrepeated } from "../../sim/tell.ts";

const MAIN = fileURLToPath(new URL("../../sim/main.ts", import.meta.url));

/** Has the simulator play stories that break a law. */
const DOOMED = new URL("doomed.ts", import.meta.url).href;

const run = (...args: string[]) => node(MAIN, ...args);

function node(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });
}

describe("npm run sim", () => {
  it("plays seeds in processes of its own, and sums up what came of them", async () => {
    const { code, out } = await run("--seeds", "3", "--jobs", "2", "--workload", "sequences", "--json");
    expect(JSON.parse(out)).toMatchObject({ seeds: 3, stories: { sequences: 3 }, failures: [] });
    expect(code).toBe(0);
  }, 120_000);

  it("prints all that happens in one story", async () => {
    const { code, out } = await run("--seed", "3", "--workload", "sequences", "--trace");
    expect(out).toMatch(/00:00:00\.000 {2}world {6}send program\/go go1/);
    expect(out).toMatch(/router 1 {3}PutItem event#go1\/event/);
    expect(out).toMatch(/world {6}all has come to rest/);
    expect(out).toContain("All laws hold.");
    expect(code).toBe(0);
  }, 60_000);

  it("tells a story that breaks a law in its shortest form, and ends with 1", async () => {
    const { code, out, err } = await node("--import", DOOMED, MAIN, "--seeds", "1", "--jobs", "1");
    expect(out).toContain('Seed 1 of "doomed" breaks L1.');
    expect(out).toMatch(
      /All that it takes, found in \d+ tries\n {4}- 00:00:01\.000: send doomed\/go b\n {4}- no fault\n/,
    );
    expect(out).toContain("Again: npm run sim -- --workload doomed --seed 1 --trace");
    expect(out).toContain("    --workload doomed --seed 1: L1\n");
    expect(err).toMatch(/^--workload doomed --seed 1: L1\n1 of 1 seeds, [\d.]+ a second, 1 broke a law\n$/);
    expect(code).toBe(1);
  }, 60_000);

  it("says what is wrong with an option, and ends with 2", async () => {
    const { code, out, err } = await run("--workload", "none");
    expect(err).toMatch(/^There is no workload 'none'\. There are: /);
    expect(err).toContain("Usage: npm run sim");
    expect({ code, out }).toEqual({ code: 2, out: "" });
  }, 60_000);

  it("explains itself", async () => {
    const { code, out } = await run("--help");
    expect(out).toContain("--seeds <n>");
    expect(code).toBe(0);
  }, 60_000);
});

it("names the stories that broke a law, and which", () => {
  const summary: Summary = {
    seeds: 2,
    runs: 3,
    calls: 40,
    stories: { waits: 2 },
    struck: { crashAfter: 1, late: 2 },
    calm: 1,
    swept: 3,
    sweptAfterSeveral: 2,
    failures: [
      {
        workload: "waits",
        seed: 7,
        findings: [
          { law: "L3", text: "stuck" },
          { law: "L3", text: "stuck too" },
        ],
      },
    ],
    seconds: 4,
  };
  expect(renderSummary(summary)).toContain("faults     crashAfter 1, late 2");
  expect(renderSummary(summary)).toContain("needed in 3 stories, 2 of them with several faults");
  expect(renderSummary(summary)).toContain("1 stories broke a law:\n    --workload waits --seed 7: L3\n");
});

it("says so when a story that broke a law does not break it again", () => {
  const counts = { struck: {}, severe: 0, swept: 0, runs: 1, calls: 9, hung: false };
  const again: Report = { workload: "waits", seed: 7, findings: [], hash: "bbb", ...counts };
  const first: Report = { ...again, findings: [{ law: "L3", text: "stuck" }], hash: "aaa" };
  expect(tellUnrepeated(first, again)).toMatch(
    /^Seed 7 of "waits" has broken a law, and breaks none .* Its hash was aaa, and is bbb now\. It had broken:\n {2}L3 {2}stuck\n$/,
  );
});
