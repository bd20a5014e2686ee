import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Summary } from "../../sim/summary.ts";
import { renderSummary } from "../../sim/summary.ts";

const MAIN = fileURLToPath(new URL("../../sim/main.ts", import.meta.url));

function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
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
    swept: 0,
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
  expect(renderSummary(summary)).toContain("1 stories broke a law:\n    --workload waits --seed 7: L3\n");
});
