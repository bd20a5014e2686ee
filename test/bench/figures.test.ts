import { describe, expect, it } from "vitest";
import { measure, summarize } from "../../bench/measure.ts";
import { readOptions } from "../../bench/options.ts";
import { percentile } from "../../bench/statistics.ts";
import { renderTable } from "../../bench/table.ts";
import type { Figure, Workload } from "../../bench/workload.ts";

const figure = (value: number): Figure => ({ name: "wake", unit: "ms", value, aim: { atMost: 10 }, others: "DBOS 12" });

/** A workload whose rounds take these values one after another. */
const workloadOf = (values: number[], exact?: true): Workload => ({
  name: "W0",
  title: "made up",
  ...(exact && { exact }),
  open: async () => ({ round: async () => [figure(values.shift() ?? Number.NaN)], close: async () => {} }),
});

describe("figures", () => {
  it.each([
    [0.5, 2],
    [0.99, 4],
    [1, 4],
    [0, 1],
  ])("the percentile %d of 4, 2, 1, 3 is %d", (p, value) => {
    expect(percentile([4, 2, 1, 3], p)).toBe(value);
  });

  it("the first round warms up, the median of the others is held against the aim", async () => {
    const measured = await measure(workloadOf([1_000, 3, 11, 9]), 3, () => {});
    expect(measured.figures).toMatchObject([{ median: 9, min: 3, max: 11, met: true }]);
  });

  it("what is exact is measured once", async () => {
    expect(await measure(workloadOf([7], true), 5, () => {})).toMatchObject({ rounds: 1, figures: [{ median: 7 }] });
  });

  it("a missed aim is shown beside its figure, with what others reach", () => {
    const machine = { cpu: "a CPU", cores: 2, memoryGb: 8, node: "v24.0.0" };
    const measured = {
      name: "W0",
      title: "made up",
      rounds: 2,
      figures: summarize([[figure(11.25)], [figure(1_234)]]),
    };
    expect(renderTable([measured], machine).split("\n")).toEqual([
      "a CPU, 2 cores, 8 GB, Node v24.0.0",
      "",
      "| workload   | figure | median  | min … max    | aim          | others  |",
      "|------------|--------|---------|--------------|--------------|---------|",
      "| W0 made up | wake   | 11.3 ms | 11.3 … 1,234 | ≤ 10: missed | DBOS 12 |",
      "",
    ]);
  });
});

describe("the command line", () => {
  it("takes workloads by name, a number of rounds, and a file", () => {
    expect(readOptions(["--only", "W1, W3", "--runs", "3", "--json", "out.json"], ["W1", "W2", "W3"])).toEqual({
      help: false,
      only: ["W1", "W3"],
      runs: 3,
      json: "out.json",
    });
  });

  it.each([
    [["--only", "W9"], /no workload 'W9'\. There are: W1, W2/],
    [["--runs", "0"], /whole number from 1 up, not '0'/],
    [["--fast"], /--fast/],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args, ["W1", "W2"])).toThrow(message);
  });
});
