import { afterEach, describe, expect, it } from "vitest";
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
