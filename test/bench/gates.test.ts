import { afterEach, describe, expect, it } from "vitest";
import { type Engine, openEngine, sourceClient } from "../../bench/engine.ts";
import { GateContest } from "../../bench/gate-contest.ts";
import { seedLine } from "../../bench/seed-line.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";

let engine: Engine | undefined;

afterEach(() => engine?.close());

describe("the contest for a gate", () => {
  it("lets all in, some of them from the line, and never more at a time than there are slots", async () => {
    engine = await openEngine();
    const gate = new GateContest(engine, 2);
    const runner = async () => {
      for (let n = 0; n < 3; n++) await gate.pass(() => gate.untilWanted());
      gate.want();
    };
    await Promise.all(Array.from({ length: 4 }, runner));
    await gate.leftPromised();
    expect(gate.tally).toMatchObject({ most: 2, overfull: 0 });
    expect(gate.tally.queued).toBeGreaterThan(0);
  });

  it("notices who has not left", async () => {
    engine = await openEngine();
    const gate = new GateContest(engine, 2);
    const kept = gate.pass(async () => void (await expect(gate.leftPromised()).rejects.toThrow("not empty")));
    await kept;
    expect(await gate.leftPromised()).toBe(0);
  });
});

describe("a seeded line", () => {
  it("is as the router makes it: event, header and place, in order", async () => {
    const fn = sourceClient.createFunction({ id: "queued", concurrency: 2 }, { event: "bench/line" }, async () => {});
    engine = await openEngine([fn]);
    await seedLine(engine, "queued", 30);
    const { world, binding } = engine;
    const app = { env: binding.env, app: sourceClient.id };
    const [registered] = await world.registry.apps(binding.env);
    expect(registered?.manifest.functions.map(({ id }) => id)).toEqual(["queued"]);
    const at = Number((await world.events.get(binding.env, "seeded-7"))?.at);
    const runId = runIdOf({ app: sourceClient.id, functionId: "queued" }, "seeded-7", at);
    const header = await world.runs.header({ ...app, runId });
    expect(header).toMatchObject({ status: "active", parked: "queued", fence: 0, eventId: "seeded-7" });
    const [gate] = header?.gates ?? [];
    if (gate === undefined) throw new Error("The run has no gate.");
    const line = await world.lines.first(app, gate);
    expect(line.map(({ order }) => order.split("#")[1])).toEqual(line.map((_, n) => `seeded-${n}`));
    expect(await world.lines.ahead({ ...app, functionId: "queued", runId }, gate, header?.order ?? "")).toBe(7);
  });
});
