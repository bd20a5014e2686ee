import type { GetFunctionInput, Stepwell } from "stepwell";
import { describe, expect, it } from "vitest";
import { Draw } from "../../sim/draw.ts";
import type { Played, Scenario } from "../laws/harness.ts";
import { MINUTE_MS, one } from "../laws/scenarios.ts";
import { playOn } from "./on-stage.ts";

type Tools = GetFunctionInput<Stepwell>["step"];

/** A step of a program: its kind and its id. */
type Op = readonly [kind: "run" | "sleep" | "wait" | "send", id: string];
type Program = readonly Op[];

const run = (id: string): Op => ["run", id];
const sleep = (id: string): Op => ["sleep", id];
const wait = (id: string): Op => ["wait", id];
const send = (id: string): Op => ["send", id];

const KINDS = { run: "run", sleep: "sleep", wait: "waitForEvent", send: "sendEvent" } as const;

/** What a step gives to the code. That of a body tells the step's id, and which version has run it. */
async function perform(step: Tools, [kind, id]: Op, version: number): Promise<string> {
  switch (kind) {
    case "run":
      return step.run(id, () => `${id} of version ${version}`);
    case "sleep":
      return `${id} slept ${String(await step.sleep(id, "1s"))}`;
    case "wait":
      return `${id} got ${await step.waitForEvent(id, { event: "laws/never", timeout: "1s" })}`;
    case "send":
      return `${id} sent ${(await step.sendEvent(id, { id: `event of ${id}`, name: "laws/nobody" })).ids}`;
  }
}

const givenBy = ([kind, id]: Op, version: number): string =>
  ({
    run: `${id} of version ${version}`,
    sleep: `${id} slept undefined`,
    wait: `${id} got null`,
    send: `${id} sent event of ${id}`,
  })[kind];

const PARK = "park";

/** What must come of a run that rests after the steps of `before`, and finds itself in `after` then. */
function expected(before: Program, after: Program): object {
  const memo = new Map(before.map((op) => [op[1], op]));
  const given: string[] = [];
  for (const op of after) {
    const was = memo.get(op[1]);
    if (was !== undefined && was[0] !== op[0])
      return {
        status: "failed",
        error: "STEPWELL_STEP_MISMATCH",
        sides: [`step.${KINDS[was[0]]}`, `step.${KINDS[op[0]]}`],
      };
    given.push(givenBy(op, was === undefined ? 1 : 0));
  }
  return { status: "completed", output: given };
}

/** A run of a program, which a deploy replaces while it rests. */
async function replaced(before: Program, after: Program): Promise<Played & { readonly got: object }> {
  let version = 0;
  const scenario: Scenario = {
    name: "replaced",
    functions: one(async ({ step }) => {
      const given: string[] = [];
      for (const op of version === 0 ? before : after) given.push(await perform(step, op, version));
      await step.sleep(PARK, "1h");
      return given;
    }),
    script: async ({ pass }) => {
      await pass(30 * MINUTE_MS);
      version = 1;
    },
  };
  const played = await playOn(scenario);
  const { status, output, error } = played.run;
  const message = String(errorOf(played)?.message);
  const sides = Object.values(KINDS)
    .map((kind) => `step.${kind}`)
    .filter((side) => new RegExp(`${side}\\b`).test(message));
  const got = status === "failed" ? { status, error, sides: sides.sort() } : { status, output };
  return { ...played, got };
}

/** The error as the engine's log has it: people read it there, and in the run's view. */
function errorOf({
  stage,
}: Played & { readonly stage?: { readonly notebook: { readonly lines: readonly string[] } } }) {
  const line = stage?.notebook.lines.find((text) => text.startsWith("run failed "));
  return line === undefined ? undefined : (JSON.parse(line.slice("run failed ".length)).error as Error);
}

const changes: readonly (readonly [string, Program, Program])[] = [
  ["nothing", [run("a"), run("b")], [run("a"), run("b")]],
  ["a step is renamed", [run("a"), run("b")], [run("a"), run("c")]],
  ["two steps change places", [run("a"), run("b")], [run("b"), run("a")]],
  ["two steps of different kinds change places", [run("a"), sleep("b")], [sleep("b"), run("a")]],
  ["two steps change their ids", [run("a"), sleep("b")], [run("b"), sleep("a")]],
  ["a step is left out", [run("a"), run("b"), run("c")], [run("a"), run("c")]],
  ["a step is put in between", [run("a"), run("c")], [run("a"), run("b"), run("c")]],
  ["a step becomes a sleep", [run("a"), run("b")], [run("a"), sleep("b")]],
  ["a sleep becomes a wait", [sleep("a")], [wait("a")]],
  ["a wait becomes a step", [wait("a"), run("b")], [run("a"), run("b")]],
  ["a step becomes one that sends", [run("a")], [send("a")]],
];

/** Programs whose ids are few, so that they meet. */
function drawProgram(draw: Draw): Program {
  const ids = ["a", "b", "c", "d"].filter(() => draw.chance(0.7));
  const ops = ids.map((id): Op => [draw.oneOf(["run", "run", "sleep", "wait", "send"]), id]);
  return ops.sort(() => (draw.chance(0.5) ? 1 : -1));
}

describe("FI-15: code gets its own steps' results, or the run fails for all to see (L10)", { timeout: 300_000 }, () => {
  it.each(changes)("between two invocations %s", async (_, before, after) => {
    const { got, problems } = await replaced(before, after);
    expect(sorted(got)).toEqual(sorted(expected(before, after)));
    expect(problems).toEqual([]);
  });

  it("whatever steps are renamed, reordered, swapped, added and left out", async () => {
    const draw = new Draw(15);
    for (let i = 0; i < 15; i++) {
      const [before, after] = [drawProgram(draw), drawProgram(draw)];
      const { got, problems } = await replaced(before, after);
      expect({ before, after, ...sorted(got), problems }).toEqual({
        ...{ before, after, problems: [] },
        ...sorted(expected(before, after)),
      });
    }
  });

  it.each(["catches it", "does not await it"])("code that %s cannot go on after it", async (how) => {
    let version = 0;
    const {
      run: ended,
      bodies,
      problems,
    } = await playOn({
      name: "a mismatch that the code would rather not know of",
      functions: one(async ({ step }, { notebook }) => {
        if (version === 0) await step.run("a", () => "a");
        else {
          const beside = notebook.step(step, "beside");
          const broken = step.sleep("a", "1s").finally(() => notebook.note("went on"));
          if (how === "catches it") await broken.catch(() => notebook.note("caught"));
          await beside;
        }
        await step.sleep(PARK, "1h");
        await notebook.step(step, "after");
        return "done";
      }),
      script: async ({ pass }) => {
        await pass(30 * MINUTE_MS);
        version = 1;
      },
    });
    expect({ ended, bodies, problems }).toEqual({
      ended: { status: "failed", output: undefined, error: "STEPWELL_STEP_MISMATCH" },
      bodies: {},
      problems: [],
    });
  });
});

const sorted = (end: object): object => ("sides" in end ? { ...end, sides: [...(end.sides as string[])].sort() } : end);
