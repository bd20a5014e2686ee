import { afterEach, describe, expect, it } from "vitest";
import { entryFor, holdersOf } from "../../lambdas/engine/gate.ts";
import { proveEveryCrashPoint } from "./crash-points.ts";
import { gates, raised } from "./gates.ts";
import { openStage, START_EVENT, type Stage } from "./harness.ts";
import { MINUTE_MS } from "./scenarios.ts";

let stage: Stage | undefined;
afterEach(() => stage?.cloud.close());

proveEveryCrashPoint(gates);

describe("a limit that a deploy changes (L5)", () => {
  /** The limit of the one function, as the code that is deployed now has it. */
  const deploy = async (on: Stage, manifest: { flow?: object }, limit: number) => {
    Object.assign(manifest, { flow: { concurrency: [{ limit, scope: "fn" }] } });
    await on.doors.register(`limit-${limit}`);
  };

  const open = async () => {
    let manifest: { flow?: object } = {};
    stage = await openStage({
      ...raised,
      functions: (app) => {
        const functions = raised.functions(app);
        manifest = (functions[0] as unknown as { manifest: { flow?: object } }).manifest;
        return functions;
      },
    });
    await stage.cloud.send([START_EVENT, { ...START_EVENT, id: "second" }, { ...START_EVENT, id: "third" }]);
    return { on: stage, manifest };
  };

  const begun = (on: Stage) => Object.keys(on.notebook.bodies).sort();

  it("raised: those in line start at the sweeper's next round, without anybody leaving", async () => {
    const { on, manifest } = await open();
    // Of one time, by id.
    expect(begun(on)).toEqual(["work-second"]);
    await deploy(on, manifest, 3);
    await on.pass(11_000);
    expect((await on.doors.sweep()).moved).toHaveLength(2);
    await on.pass(1_000);
    expect(begun(on)).toEqual(["work-second", "work-start", "work-third"]);
  });

  it("raised: the next arrival has those before it start as well", async () => {
    const { on, manifest } = await open();
    await deploy(on, manifest, 4);
    await on.pass(11_000);
    await on.cloud.send({ ...START_EVENT, id: "fourth" });
    await on.pass(1_000);
    expect(begun(on)).toEqual(["work-fourth", "work-second", "work-start", "work-third"]);
  });

  it("lowered: nobody enters before enough have left", async () => {
    const { on, manifest } = await open();
    await deploy(on, manifest, 3);
    await on.pass(11_000);
    await on.doors.sweep();
    await on.pass(1_000);
    await deploy(on, manifest, 1);
    await on.pass(11_000);
    await on.cloud.send([
      { ...START_EVENT, id: "fourth" },
      { ...START_EVENT, id: "fifth" },
    ]);
    await on.pass(MINUTE_MS);
    expect(begun(on)).toEqual(["work-second", "work-start", "work-third"]);
    await on.pass(4 * MINUTE_MS);
    expect(begun(on)).toHaveLength(4);
    await on.pass(5 * MINUTE_MS);
    expect(begun(on)).toHaveLength(5);
  });

  it("taken away: nobody is held up any more", async () => {
    const { on, manifest } = await open();
    Object.assign(manifest, { flow: undefined });
    await on.doors.register("no-limit");
    await on.pass(11_000);
    await on.doors.sweep();
    await on.pass(1_000);
    expect(begun(on)).toEqual(["work-second", "work-start", "work-third"]);
  });
});

it("a run that gets in line leaves the slot of another gate that an execution before has not lived to give up", async () => {
  const shared = { limit: 1, scope: "env", key: "'shared'" } as const;
  const on = await openStage({
    name: "left behind",
    functions: ({ client, notebook, slow }) => [
      client.createFunction({ id: "blocks", concurrency: shared }, { event: "laws/block" }, ({ step }) =>
        notebook.step(step, "block", () => slow(MINUTE_MS)),
      ),
      client.createFunction(
        { id: "main", concurrency: [{ limit: 1 }, shared] },
        { event: START_EVENT.name },
        ({ step }) => notebook.step(step, "work", () => slow(1_000)),
      ),
    ],
  });
  stage = on;
  const { world } = on.doors;
  await on.cloud.send({ name: "laws/block" });
  const { ids } = await on.cloud.send(START_EVENT);
  const [view] = await on.cloud.runsOf(ids[0]);
  const run = { env: "main", app: "laws", functionId: "main", runId: view?.id ?? "" };
  const [gate] = (await world.runs.header(run))?.gates ?? [];
  if (gate === undefined) throw new Error("The run has no gates.");
  const now = on.aws.clock.now();
  const look = async () => world.gates.read(run, gate);
  const opening = entryFor(await look(), { runId: run.runId, limit: 1, behind: false, now });
  if (opening.kind === "full") throw new Error("The gate is full.");
  await world.gates.take(run, gate, { runId: run.runId, slot: { until: now + 15 * MINUTE_MS, fence: 0 }, opening });
  const { queueUrl = "" } = (await world.registry.app("main", "laws")) ?? {};
  await world.queue.sendToRun(queueUrl, { v: 1, id: "spare", ...run, kind: "wake" });
  await on.pass(1_000);
  expect(holdersOf(await look(), now)).toEqual([]);
  await on.pass(2 * MINUTE_MS);
  expect((await on.cloud.run(run.runId))?.status).toBe("completed");
});
