import { describe, expect, it } from "vitest";
import type { Node, StepNode, WaitNode } from "../../sim/workloads/programs/grammar.ts";
import { type End, endsOf, type Surroundings } from "../../sim/workloads/programs/model.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const step = (id: string, more: Omit<StepNode, "kind" | "id"> = {}): Node => ({ kind: "step", id, ...more });
const sleep = (id: string, ms: number): Node => ({ kind: "sleep", id, ms });
const all = (...of: readonly Node[]): Node => ({ kind: "parallel", id: "all", of });
const first = (...of: readonly Node[]): Node => ({ kind: "race", id: "first", of });
const attempt = (of: Node): Node => ({ kind: "try", of });
const then = (...of: readonly Node[]): Node => ({ kind: "sequence", of });
const wait = (id: string, timeoutMs: number): WaitNode => ({ kind: "wait", id, timeoutMs, by: "match" });
const invoke = (id: string, more: { timeoutMs?: number } = {}): Node => ({
  kind: "invoke",
  id,
  child: "child",
  ...more,
});

type Around = Partial<Surroundings> & { readonly helper?: Node; readonly child?: Node };

const program = (id: string, body: Node, helper = step("h")) => ({ id, body, helpers: { helper }, attempts: 3 });

const endsIn = (body: Node, { helper, child = step("k"), ...around }: Around = {}): readonly End[] => {
  const programs = new Map([["child", program("child", child)]]);
  const surroundings = { programs, signals: [], slackMs: 0, crashes: 0, ...around };
  return endsOf(surroundings, program("main", body, helper), { n: 1 }, { from: 0, to: 0 });
};

const told = ({ text, error }: End): string => (error === undefined ? text : `fails: ${error}`);

/** Worked out by hand: the model is judged before it judges. */
describe("the model knows the ends of", () => {
  it.each<[name: string, body: Node, ends: readonly string[], around?: Around]>([
    ["steps in a row, each of which sees the text so far", then(step("a"), step("bc")), ["1>a@1>bc@5"]],
    ["a large result, by its length", step("a", { padding: 5_000 }), ["1>a@1~5000"]],
    ["a sleep", then(sleep("z", DAY), step("a")), ["1>z>a@3"]],
    ["a loop, whose ids come again", { kind: "loop", times: 3, of: step("a") }, ["1>a@1>a@5>a@9"]],
    [
      "branches, each with a text of its own",
      then(all(step("a"), then(step("b"), step("c"))), step("d")),
      ["1[>a@0|>b@0>c@4]>d@16"],
    ],
    ["a race of two steps, which either wins", first(step("a"), step("b")), ["1{>a@0}", "1{>b@0}"]],
    ["a race with a sleep that is far too long", first(sleep("z", DAY), step("a")), ["1{>a@0}"]],
    [
      "a race with a short sleep and a day of slack",
      first(sleep("z", HOUR), then(sleep("y", MINUTE), step("a"))),
      ["1{>y>a@2}"],
    ],
    ["a race that an error wins", first(step("a", { broken: true }), sleep("z", DAY)), ["fails: no a"]],
    ["an error in a branch", all(step("a", { broken: true }), step("b")), ["fails: no a"]],
    [
      "errors in two branches, of which the first counts",
      all(step("a", { broken: true }), then(sleep("z", DAY), step("b", { broken: true }))),
      ["fails: no a"],
    ],
    ["an error that is caught", then(attempt(then(step("a"), step("b", { broken: true }))), step("c")), ["1!no b>c@6"]],
    ["a step that fails at first", step("a", { fails: { times: 2, by: "error" } }), ["1>a@1"]],
    ["a step that fails too often", step("a", { fails: { times: 3, by: "error" } }), ["fails: no a"]],
    [
      "a choice by an even length",
      then(step("a"), { kind: "choice", of: [step("even"), step("odd")] }),
      ["1>a@1>odd@5"],
    ],
    [
      "a function of its own that is called twice",
      then({ kind: "call", helper: "helper" }, { kind: "call", helper: "helper" }),
      ["1>h@1>h@5"],
    ],
    ["a step that nobody awaits", then({ kind: "unawaited", of: { kind: "step", id: "a" } }, step("b")), ["1>b@1"]],
    ["a handler that stumbles, and is tried again", then(step("a"), { kind: "stumble", times: 2 }), ["1>a@1"]],
    ["a handler that stumbles too often", then(step("a"), { kind: "stumble", times: 3 }), ["fails: stumbled"]],
    ["sent events", { kind: "send", id: "s", count: 2 }, ["1>s*2"]],
    ["a child, which knows who asked", invoke("i"), ["1>i(i.1>k@3)"]],
    ["a child that fails", attempt(invoke("i")), ["1!no k"], { child: step("k", { broken: true }) }],
    [
      "a child that is slow",
      attempt(invoke("i", { timeoutMs: HOUR })),
      ["1!STEPWELL_INVOKE_TIMEOUT"],
      { child: sleep("z", DAY) },
    ],
    [
      "a child that may be too slow",
      attempt(invoke("i", { timeoutMs: HOUR })),
      ["1>i(i.1>z)", "1!STEPWELL_INVOKE_TIMEOUT"],
      { child: sleep("z", HOUR) },
    ],
  ])("%s", (_, body, ends, around) => {
    expect(endsIn(body, around).map(told)).toEqual(ends);
  });
});

describe("a wait gets", () => {
  const signal = (at: number, n = 1) => ({ name: "program/signal-w", n, value: `at${at}`, at });
  const body = then(sleep("z", HOUR), wait("w", DAY));

  it.each<[name: string, at: number, ends: readonly string[]]>([
    ["an event that comes while it waits", 2 * HOUR, [`1>z>w=at${2 * HOUR}`]],
    ["no event of before", MINUTE, ["1>z>w=null"]],
    ["no event that is too late", 2 * DAY, ["1>z>w=null"]],
    ["perhaps one of the moment in which it begins", HOUR, [`1>z>w=at${HOUR}`, "1>z>w=null"]],
    ["perhaps one of the moment in which it ends", HOUR + DAY, [`1>z>w=at${HOUR + DAY}`, "1>z>w=null"]],
  ])("%s", (_, at, ends) => {
    expect(endsIn(body, { signals: [signal(at)] }).map(told)).toEqual(ends);
  });

  it("no event that does not match", () => {
    expect(endsIn(body, { signals: [signal(2 * HOUR, 77)] }).map(told)).toEqual(["1>z>w=null"]);
  });

  it("perhaps no event, where all may be late by more than it waits", () => {
    const around = { signals: [signal(2 * HOUR)], slackMs: 2 * DAY };
    expect(endsIn(body, around).map(told)).toEqual([`1>z>w=at${2 * HOUR}`, "1>z>w=null"]);
  });

  it("one of two events that come while it waits", () => {
    const around = { signals: [signal(2 * HOUR), signal(3 * HOUR)] };
    expect(endsIn(body, around).map(told)).toEqual([`1>z>w=at${2 * HOUR}`, `1>z>w=at${3 * HOUR}`]);
  });
});

describe("deaths", () => {
  it("explain nothing while there are tries enough", () => {
    expect(endsIn(step("a", { fails: { times: 1, by: "error" } }), { crashes: 1 }).map(told)).toEqual(["1>a@1"]);
  });

  it("use up tries", () => {
    const ends = endsIn(step("a", { fails: { times: 2, by: "error" } }), { crashes: 1 }).map(told);
    expect(ends).toEqual(["1>a@1", "fails: no a", "fails: STEPWELL_STEP_CRASHED"]);
  });

  it("end the run once they are more than its tries", () => {
    expect(endsIn(sleep("z", DAY), { crashes: 4 }).map(told)).toEqual(["1>z", "fails: STEPWELL_RUN_CRASHED"]);
  });
});

it("time is known from its earliest to its latest", () => {
  const [end] = endsIn(then(sleep("z", HOUR), step("a", { slowMs: MINUTE })));
  expect(end?.from).toBeLessThanOrEqual(HOUR);
  expect(end?.from).toBeGreaterThan(HOUR - MINUTE);
  expect(end?.to).toBeGreaterThanOrEqual(HOUR + MINUTE);
  expect(end?.to).toBeLessThan(HOUR + 3 * MINUTE);
});
