import { GetScheduleCommand, UpdateScheduleCommand } from "@aws-sdk/client-scheduler";
import { afterEach, describe, expect, it, vi } from "vitest";
import { manifest, openRegistrar } from "./world.ts";

const opened = new Set<{ close(): Promise<void> }>();
afterEach(async () => {
  await Promise.all([...opened].map((one) => one.close()));
  opened.clear();
});

async function open(versions: Readonly<Record<string, unknown>>) {
  const registrar = await openRegistrar(versions);
  opened.add(registrar);
  return registrar;
}

describe("a deploy", () => {
  it("puts functions and schedules in force; its physical id is the same for every version", async () => {
    const { request, inForce } = await open({
      1: manifest({ nightly: "0 3 * * *", order: "event:shop/order" }),
      2: manifest({ nightly: "0 3 * * *" }),
    });
    expect(await request("Create", "1")).toEqual({ PhysicalResourceId: "main/shop" });
    const first = await inForce();
    expect(first).toMatchObject({ functions: ["nightly", "order"], version: "1" });
    expect(first.schedules).toHaveLength(1);
    expect(await request("Update", "2", { PhysicalResourceId: "main/shop" })).toEqual({
      PhysicalResourceId: "main/shop",
    });
    expect(await inForce()).toEqual({ functions: ["nightly"], version: "2", schedules: first.schedules });
  });

  it("adds, changes and removes schedules; a time zone is a change, and names stay within Scheduler's 64 characters", async () => {
    const { request, inForce } = await open({
      1: manifest({ kept: "0 1 * * *", gone: "0 2 * * *", moved: "0 3 * * *" }),
      2: manifest({ kept: "0 1 * * *", moved: "TZ=Europe/Paris 0 3 * * *", fresh: "0 4 * * *" }),
    });
    await request("Create", "1");
    const before = await inForce();
    await request("Update", "2");
    const after = await inForce();
    expect(after.schedules).toHaveLength(3);
    expect(after.schedules.filter((name) => before.schedules.includes(name))).toHaveLength(1);
    for (const name of after.schedules) expect(name?.length).toBeLessThanOrEqual(64);
  });

  it("makes two schedules where a cron has both days, and one where two triggers are alike", async () => {
    const both = manifest({ both: "0 3 1 * 1" });
    const twice = manifest({ twice: "0 3 * * *" });
    const [fn] = twice.functions;
    const alike = { ...twice, functions: [{ ...fn, triggers: [...(fn?.triggers ?? []), ...(fn?.triggers ?? [])] }] };
    const { request, inForce } = await open({ 1: both, 2: alike });
    await request("Create", "1");
    expect((await inForce()).schedules).toHaveLength(2);
    await request("Update", "2");
    expect((await inForce()).schedules).toHaveLength(1);
  });

  it("twice is once, and leaves schedules that are as they should be untouched", async () => {
    const { request, inForce, aws } = await open({ 1: manifest({ nightly: "0 3 * * *" }) });
    await request("Create", "1", { RequestId: "a" });
    const before = await inForce();
    aws.meter.reset();
    await request("Create", "1", { RequestId: "a" });
    expect(aws.meter.snapshot().calls).toEqual({
      "dynamodb.GetItem": 2,
      "dynamodb.PutItem": 1,
      "scheduler.ListSchedules": 3,
    });
    expect(await inForce()).toEqual(before);
  });

  it("enables a schedule that somebody has disabled, and drops what an earlier deploy has left", async () => {
    const { request, inForce, scheduler, world, binding } = await open({ 1: manifest({ nightly: "0 3 * * *" }) });
    await request("Create", "1");
    const before = await inForce();
    const [Name] = before.schedules;
    const found = await scheduler.send(new GetScheduleCommand({ Name, GroupName: binding.scheduleGroup }));
    const { ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, Target, GroupName } = found;
    const same = { Name, GroupName, ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, Target };
    await scheduler.send(new UpdateScheduleCommand({ ...same, State: "DISABLED" }));
    const input = { v: 1, stepwell: true, kind: "cron", env: "main", app: "shop", functionId: "x", cron: "x", at: "" };
    const left = { name: `${Name?.slice(0, 18)}left`, expression: "rate(1 hour)", timeZone: "UTC", input };
    await world.crons.put(left as never);
    await request("Update", "1");
    expect(await inForce()).toEqual(before);
    const now = await scheduler.send(new GetScheduleCommand({ Name, GroupName: binding.scheduleGroup }));
    expect(now).toMatchObject({ State: "ENABLED", ScheduleExpression: "cron(0 3 * * ? *)" });
  });

  it("finds every schedule, however many pages they take", async () => {
    const crons = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`f${n}`, `${n % 60} ${n % 24} * * *`]));
    const { request, inForce, world } = await open({ 1: manifest(crons), 2: manifest({}) });
    await request("Create", "1");
    // Else it would drop what the registry knows, listed or not.
    await world.registry.remove("main", "shop");
    await request("Create", "2");
    expect((await inForce()).schedules).toEqual([]);
  });

  it("does not touch the schedules of other apps and environments", async () => {
    const { request, inForce, registrationOf } = await open({
      1: manifest({ nightly: "0 3 * * *" }),
      other: manifest({ nightly: "0 3 * * *" }, "shop-2"),
    });
    await request("Create", "1");
    await request("Create", "other", { ResourceProperties: registrationOf("other", "shop-2") });
    await request("Create", "1", { ResourceProperties: { ...registrationOf("1"), env: "staging" } });
    expect((await inForce()).schedules).toHaveLength(3);
    await request("Delete", "other", { ResourceProperties: registrationOf("other", "shop-2") });
    expect((await inForce()).schedules).toHaveLength(2);
  });
});

describe("a check before a deploy", () => {
  it("refuses what could not be put in force, and changes nothing either way", async () => {
    const { request, inForce, registrationOf } = await open({
      1: manifest({ nightly: "0 3 * * *" }),
      2: manifest({ hourly: "0 * * * *" }),
      3: manifest({}, "store"),
    });
    await request("Create", "1");
    const before = await inForce();
    const check = (version: string) => ({
      ResourceProperties: { ...registrationOf(version), checkOnly: "true" as const },
    });
    expect(await request("Create", "2", check("2"))).toEqual({ PhysicalResourceId: "main/shop/check" });
    await expect(request("Update", "3", check("3"))).rejects.toMatchObject({ code: "STEPWELL_REGISTRATION_FAILED" });
    await request("Delete", "2", check("2"));
    expect(await inForce()).toEqual(before);
  });
});

describe("a deploy that is refused", () => {
  const refusals: readonly (readonly [string, unknown, RegExp])[] = [
    ["a client of another id", manifest({}, "store"), /client "store".*app "shop".*new App\(.*clientId: "store"/],
    ["a manifest newer than the engine", { ...manifest({}), v: 2 }, /newer stepwell.*Deploy the engine first/],
    ["an entry that is something else", { statusCode: 200 }, /handler = serve/],
    ["an answer of nothing", null, /handler = serve/],
    ["code that does not load", new Error("ImportModuleError: no such file"), /ImportModuleError/],
    [
      "more functions than the registry holds",
      manifest(Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`function-${n}`, `event:shop/event-${n}`]))),
      /5000 functions.*Split them/,
    ],
  ];

  it.each(refusals)("leaves everything as it was, and so does the roll-back: %s", async (_name, answer, message) => {
    const { request, inForce } = await open({ 1: manifest({ nightly: "0 3 * * *" }), 2: answer });
    await request("Create", "1", { RequestId: "a" });
    const before = await inForce();
    await expect(request("Update", "2", { RequestId: "b" })).rejects.toThrow(message);
    expect(await inForce()).toEqual(before);
    // CloudFormation rolls back with an update to the properties of before.
    await request("Update", "1", { RequestId: "c" });
    expect(await inForce()).toEqual(before);
  });

  it("says so with a code, and that the manifest of before stays in force", async () => {
    const { request } = await open({ 2: manifest({}, "store") });
    await expect(request("Create", "2")).rejects.toMatchObject({
      code: "STEPWELL_REGISTRATION_FAILED",
      message: expect.stringContaining("What was registered before stays in force."),
    });
  });
});

describe("a deploy that fails half-way", () => {
  const versions = { 1: manifest({ nightly: "0 3 * * *" }), 2: manifest({ nightly: "0 4 * * *", other: "0 5 * * *" }) };

  it("at its schedules: leaves the functions and schedules of before", async () => {
    const { request, inForce, world } = await open(versions);
    await request("Create", "1");
    const before = await inForce();
    const { put } = world.crons;
    vi.spyOn(world.crons, "put").mockImplementationOnce(put).mockRejectedValueOnce(new Error("throttled"));
    await expect(request("Update", "2")).rejects.toThrow(/could not be registered: Error: throttled/);
    expect(await inForce()).toEqual(before);
  });

  it("at its schedules, and was the first: leaves nothing", async () => {
    const { request, inForce, world } = await open(versions);
    const { put } = world.crons;
    vi.spyOn(world.crons, "put").mockImplementationOnce(put).mockRejectedValueOnce(new Error("throttled"));
    await expect(request("Create", "2")).rejects.toThrow("throttled");
    expect(await inForce()).toEqual({ functions: undefined, version: undefined, schedules: [] });
  });

  it("at the registry: leaves the functions and schedules of before", async () => {
    const { request, inForce, world } = await open(versions);
    await request("Create", "1");
    const before = await inForce();
    vi.spyOn(world.registry, "replace").mockRejectedValueOnce(new Error("throttled"));
    await expect(request("Update", "2")).rejects.toThrow("throttled");
    expect(await inForce()).toEqual(before);
  });

  it("at the registry, which was written after all: keeps the schedules of what is in force", async () => {
    const { request, inForce, world } = await open(versions);
    await request("Create", "1");
    const { replace } = world.registry;
    vi.spyOn(world.registry, "replace").mockImplementationOnce(async (...args) => {
      await replace(...args);
      throw new Error("timed out");
    });
    await expect(request("Update", "2")).rejects.toThrow("timed out");
    const after = await inForce();
    expect(after).toMatchObject({ version: "2", functions: ["nightly", "other"] });
    expect(after.schedules).toHaveLength(2);
  });

  it("at dropping what is gone: stands, with a warning, and the next deploy drops it", async () => {
    const { request, inForce, world, warnings } = await open(versions);
    await request("Create", "1");
    vi.spyOn(world.crons, "drop").mockRejectedValueOnce(new Error("throttled"));
    await request("Update", "2");
    expect(warnings).toEqual([expect.stringContaining("could not be dropped")]);
    expect((await inForce()).schedules).toHaveLength(3);
    await request("Update", "2");
    expect((await inForce()).schedules).toHaveLength(2);
  });
});

describe("deploys that meet", () => {
  const versions = { 1: manifest({ one: "0 1 * * *" }), 2: manifest({ two: "0 2 * * *" }) };

  it("one that was rolled back and is delivered late again changes nothing", async () => {
    const { request, inForce, warnings } = await open(versions);
    await request("Create", "1", { RequestId: "a" });
    await request("Update", "2", { RequestId: "b" });
    await request("Update", "1", { RequestId: "c" });
    const before = await inForce();
    await request("Update", "2", { RequestId: "b" });
    expect(await inForce()).toEqual(before);
    expect(warnings).toEqual([expect.stringContaining("delivered again")]);
  });

  it("a registry that was written meanwhile is read again, and the last one wins whole", async () => {
    const { request, inForce, world } = await open(versions);
    await request("Create", "1", { RequestId: "a" });
    const { replace } = world.registry;
    vi.spyOn(world.registry, "replace").mockImplementationOnce(async (...args) => {
      await request("Update", "1", { RequestId: "b" });
      return replace(...args);
    });
    await request("Update", "2", { RequestId: "c" });
    const after = await inForce();
    expect(after).toMatchObject({ version: "2", functions: ["two"] });
    expect(after.schedules).toHaveLength(1);
  });

  it("one that is overtaken before it drops schedules leaves those of the faster one", async () => {
    const { request, inForce, world } = await open(versions);
    const { list } = world.crons;
    const { replace } = world.registry;
    vi.spyOn(world.registry, "replace").mockImplementationOnce(async (...args) => {
      const applied = await replace(...args);
      vi.spyOn(world.crons, "list").mockImplementationOnce(async (prefix) => {
        await request("Update", "2", { RequestId: "b" });
        return list(prefix);
      });
      return applied;
    });
    await request("Create", "1", { RequestId: "a" });
    const after = await inForce();
    expect(after).toMatchObject({ version: "2", functions: ["two"] });
    expect(after.schedules).toHaveLength(1);
  });

  it("one that fails drops the schedules that another is just making, and that one makes them again", async () => {
    const { request, inForce, world } = await open(versions);
    const { replace } = world.registry;
    vi.spyOn(world.registry, "replace").mockImplementationOnce(async (...args) => {
      vi.spyOn(world.registry, "replace").mockRejectedValueOnce(new Error("throttled"));
      await expect(request("Create", "1", { RequestId: "a" })).rejects.toThrow("throttled");
      return replace(...args);
    });
    await request("Update", "2", { RequestId: "b" });
    const after = await inForce();
    expect(after).toMatchObject({ version: "2", functions: ["two"] });
    expect(after.schedules).toHaveLength(1);
  });
});

describe("an app that is deleted", () => {
  it("is retired with its schedules, and a second Delete finds nothing to do", async () => {
    const { request, inForce, world } = await open({ 1: manifest({ nightly: "0 3 * * *" }) });
    await request("Create", "1");
    const physical = { PhysicalResourceId: "main/shop" };
    const nothing = { functions: undefined, version: undefined, schedules: [] };
    expect(await request("Delete", "1", physical)).toEqual(physical);
    expect(await inForce()).toEqual(nothing);
    expect(await world.registry.apps("main")).toEqual([]);
    await request("Delete", "1", physical);
    expect(await inForce()).toEqual(nothing);
  });

  it("keeps the physical id that CloudFormation knows, whatever the properties are", async () => {
    const { request } = await open({});
    const physical = { PhysicalResourceId: "main/as-it-was" };
    expect(await request("Delete", "1", physical)).toEqual(physical);
  });

  it("as is one that moves to another environment, where it was before", async () => {
    const { request, inForce, registrationOf } = await open({ 1: manifest({ nightly: "0 3 * * *" }) });
    const { PhysicalResourceId } = await request("Create", "1");
    const moved = { PhysicalResourceId, ResourceProperties: { ...registrationOf("1"), env: "staging" } };
    // Another id makes CloudFormation delete the one of before.
    expect(await request("Update", "1", moved)).toEqual({ PhysicalResourceId: "staging/shop" });
    await request("Delete", "1", { PhysicalResourceId });
    const { functions, schedules } = await inForce();
    expect(functions).toBeUndefined();
    expect(schedules).toHaveLength(1);
  });
});
