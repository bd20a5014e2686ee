import { expect, it } from "vitest";
import { restProblems } from "./rest.ts";

const shard = { pk: "main#laws#slots#g", sk: "shard#0", holders: {}, promised: {} };
const until = (time: number) => ({ R: { until: time } });

it.each([
  ["a slot", { ...shard, holders: until(20) }, /holds a slot/],
  ["a promise", { ...shard, promised: until(20) }, /is promised a slot/],
  ["a place in line", { pk: "main#laws#backlog#0", sk: "g#order#R" }, /is left in main#laws#backlog#0/],
  ["an open bucket", { pk: "main#laws#bucket#f#b", sk: "generation#0" }, /is open/],
  ["a lock", { pk: "main#laws#lock#h", sk: "singleton", runId: "R" }, /locked/],
])("%s that is left is seen", (_, item, problem) => {
  expect(restProblems([shard, item], 10)).toEqual([expect.stringMatching(problem)]);
});

it("a slot or a promise whose time is over may be left, but not where nothing went wrong", () => {
  const lapsed = { ...shard, holders: until(5), promised: until(10) };
  expect(restProblems([lapsed], 10)).toEqual([]);
  expect(restProblems([lapsed], undefined)).toHaveLength(2);
});
