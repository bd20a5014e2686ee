import { describe, expect, it } from "vitest";
import { readOptions } from "../../sim/options.ts";

const read = (...args: string[]) => readOptions(args, ["sequences", "waits"]);

describe("the options of the simulator", () => {
  it("are 500 seeds of all workloads, if nothing is said", () => {
    expect(read()).toMatchObject({ seeds: 500, from: 1, trace: false, json: false, help: false });
    expect(read()).not.toHaveProperty("seed");
    expect(read().jobs).toBeGreaterThan(0);
  });

  it("are taken as they are given", () => {
    const given = read("--seeds", "20", "--from", "7", "--workload", "waits", "--jobs", "3", "--json");
    expect(given).toMatchObject({ seeds: 20, from: 7, workload: "waits", jobs: 3, json: true });
    expect(read("--seed", "42", "--trace")).toMatchObject({ seed: 42, trace: true });
  });

  it.each([
    [["--seeds", "x"], "--seeds takes a whole number from 1 up, not 'x'."],
    [["--seeds", "0"], "--seeds takes a whole number from 1 up, not '0'."],
    [["--seed", "1.5"], "--seed takes a whole number from 0 up, not '1.5'."],
    [["--jobs", ""], "--jobs takes a whole number from 1 up, not ''."],
    [["--workload", "sequence"], "There is no workload 'sequence'. There are: sequences, waits."],
    [["--trace"], "--trace prints what happens in one story: say which by --seed."],
  ])("%j are refused", (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });

  it("that nobody knows are refused", () => {
    expect(() => read("--sede", "3")).toThrow("--sede");
  });
});
