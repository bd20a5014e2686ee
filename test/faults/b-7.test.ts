import { describe, expect, it } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START_EVENT } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { open } from "./stage.ts";

/** The process dies here, as by SIGKILL. */
function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}

type Handler = Parameters<typeof one>[0];

/** How runs stand after a quarter of an hour, however often they have died till then. An endless loop would still go on. */
async function afterAWhile(functions: Scenario["functions"], ids: readonly string[] = [], timeoutMs = 5 * MINUTE_MS) {
  const stage = await open({ functions, timeoutMs });
  const { pass, cloud } = stage;
  for (const id of [START_EVENT.id, ...ids]) await cloud.send({ ...START_EVENT, id });
  await pass(15 * MINUTE_MS);
  const runs = await Promise.all([START_EVENT.id, ...ids].map(async (id) => (await cloud.runsOf(id))[0]));
  const ends = runs.map((run) => run && { status: run.status, error: run.error?.code, output: run.output });
  const { problems } = await audit(stage);
  return { ends, problems, bodies: stage.notebook.bodies };
}

const dying: Handler = ({ step }, { notebook }) => notebook.step(step, "poison", die);
const crashed = { status: "failed", error: "STEPWELL_STEP_CRASHED" };

describe("B-7: a step that always kills its process fails after its retries (L4)", () => {
  it.each([
    [0, 1],
    [1, 2],
    [4, 5],
    [{ attempts: 3 }, 3],
  ])("retries %j: its body runs %d times", async (retries, times) => {
    const { ends, problems, bodies } = await afterAWhile(one(dying, { retries }));
    expect({ ends, problems, bodies }).toMatchObject({ ends: [crashed], problems: [], bodies: { poison: times } });
  });

  it("also when a run under a concurrency limit has to get in line again after each death, and the next one gets its slot", async () => {
    const functions = one(
      ({ step, event }, { notebook }) =>
        notebook.step(step, event.id ?? "", () => (event.id === "next" ? "done" : die())),
      { retries: 2, concurrency: 1 },
    );
    const { ends, problems, bodies } = await afterAWhile(functions, ["other", "next"]);
    expect({ ends, problems }).toMatchObject({ ends: [crashed, crashed, { status: "completed" }], problems: [] });
    expect(bodies).toEqual({ start: 3, other: 3, next: 1 });
  });

  it("also when it stands behind other steps, a sleep and a failed try, which do not excuse it", async () => {
    const { ends, problems, bodies } = await afterAWhile(
      one(
        async ({ step }, { notebook }) => {
          await notebook.step(step, "before");
          await step.sleep("nap", "5m");
          await notebook.step(step, "poison", (tries) => {
            if (tries === 2) throw new Error("an error between two deaths");
            return die();
          });
        },
        { retries: { attempts: 4, backoff: "fixed" } },
      ),
    );
    expect({ ends, problems }).toMatchObject({ ends: [crashed], problems: [] });
    expect(bodies).toEqual({ before: 1, poison: 4 });
  });

  it("fails alone: its siblings complete, and code that catches it goes on", async () => {
    const { ends, problems, bodies } = await afterAWhile(
      one(
        async ({ step }, { notebook }) => {
          const all = [
            notebook.step(step, "a", () => "a"),
            notebook.step(step, "poison", die),
            notebook.step(step, "b", () => "b"),
          ];
          const settled = await Promise.allSettled(all);
          return settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code));
        },
        { retries: 1 },
      ),
    );
    const output = ["a", crashed.error, "b"];
    expect({ ends, problems }).toMatchObject({ ends: [{ status: "completed", output }], problems: [] });
    // Once beside its siblings; what ends between two deaths starts the count anew.
    expect(bodies.poison).toBeLessThanOrEqual(4);
  });

  it("a handler that dies between its steps fails its run", async () => {
    const { ends, problems, bodies } = await afterAWhile(
      one(
        async ({ step }, { notebook }) => {
          await notebook.step(step, "before");
          notebook.note("between");
          return die();
        },
        { retries: 2 },
      ),
    );
    expect({ ends, problems }).toMatchObject({
      ends: [{ status: "failed", error: "STEPWELL_RUN_CRASHED" }],
      problems: [],
    });
    expect(bodies.before).toBe(1);
    expect(bodies.between).toBeLessThanOrEqual(4);
  });

  it("a step that never ends within the Lambda's timeout is one that kills it", async () => {
    const { ends, problems, bodies } = await afterAWhile(
      one(({ step }, { notebook, slow }) => notebook.step(step, "endless", () => slow(HOUR_MS)), { retries: 2 }),
      [],
      MINUTE_MS,
    );
    expect({ ends, problems, bodies }).toMatchObject({ ends: [crashed], problems: [], bodies: { endless: 3 } });
  });
});
