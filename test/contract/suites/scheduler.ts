import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { expect } from "vitest";
import { errorOf, makeQueue, roleOf, type TestQueue } from "../resources.ts";
import type { Promised, World } from "../target.ts";

const MINUTE_MS = 60_000;
const FAR = "at(2099-01-01T00:00:00)";

const atText = (time: number) => `at(${new Date(time).toISOString().slice(0, 19)})`;

const groupName = (world: World): Promise<string> =>
  world.once("schedule group", async () => {
    const Name = world.unique("group");
    await world.clients.scheduler.send(new CreateScheduleGroupCommand({ Name }));
    // With all schedules in it.
    world.atEnd(() => world.clients.scheduler.send(new DeleteScheduleGroupCommand({ Name })));
    return Name;
  });

const sharedQueue = (world: World): Promise<TestQueue> => world.once("schedules' queue", () => makeQueue(world));

async function openScheduler(world: World, queue?: TestQueue) {
  const { scheduler } = world.clients;
  const GroupName = await groupName(world);
  const Target = { Arn: (queue ?? (await sharedQueue(world))).arn, RoleArn: roleOf(world), Input: '{"hello":"é"}' };
  const Name = world.unique("schedule");
  const input = (more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
    Name,
    GroupName,
    ScheduleExpression: FAR,
    FlexibleTimeWindow: { Mode: "OFF" },
    Target,
    ...more,
  });
  const create = (more?: Partial<CreateScheduleCommandInput>) => scheduler.send(new CreateScheduleCommand(input(more)));
  const update = (more?: Partial<CreateScheduleCommandInput>) => scheduler.send(new UpdateScheduleCommand(input(more)));
  const get = (name = Name) => scheduler.send(new GetScheduleCommand({ Name: name, GroupName }));
  const remove = (name = Name) => scheduler.send(new DeleteScheduleCommand({ Name: name, GroupName }));
  return { scheduler, GroupName, Name, Target, create, update, get, remove };
}

export function schedules(promised: Promised): void {
  promised("a schedule is as it was made", async (world) => {
    const { Name, GroupName, Target, create, get } = await openScheduler(world);
    const { ScheduleArn } = await create({ ActionAfterCompletion: "DELETE" });
    expect(ScheduleArn).toBe(`arn:aws:scheduler:${world.region}:${world.account}:schedule/${GroupName}/${Name}`);
    expect(await get()).toMatchObject({
      Name,
      GroupName,
      ScheduleExpression: FAR,
      ScheduleExpressionTimezone: "UTC",
      State: "ENABLED",
      ActionAfterCompletion: "DELETE",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: Target.Arn, RoleArn: Target.RoleArn, Input: Target.Input },
    });
  });

  promised("a name that is taken is a conflict", async (world) => {
    const { create } = await openScheduler(world);
    await create();
    expect((await errorOf(create({ ScheduleExpression: "rate(1 hour)" }))).name).toBe("ConflictException");
  });

  promised("an update replaces everything", async (world) => {
    const { create, update, get } = await openScheduler(world);
    await create({ Description: "first", ScheduleExpressionTimezone: "Europe/Berlin", State: "DISABLED" });
    await update({ ScheduleExpression: "cron(0 9 ? * MON-FRI *)" });
    const { Description, ScheduleExpression, ScheduleExpressionTimezone, State } = await get();
    expect([Description, ScheduleExpression, ScheduleExpressionTimezone, State]).toEqual([
      undefined,
      "cron(0 9 ? * MON-FRI *)",
      "UTC",
      "ENABLED",
    ]);
  });

  promised("what is not there is neither shown, changed nor deleted", async (world) => {
    const { create, update, get, remove } = await openScheduler(world);
    for (const call of [get, update, remove]) expect((await errorOf(call())).name).toBe("ResourceNotFoundException");
    await create();
    await remove();
    for (const call of [get, update, remove]) expect((await errorOf(call())).name).toBe("ResourceNotFoundException");
  });

  promised("a schedule needs its group", async (world) => {
    const { create } = await openScheduler(world);
    expect((await errorOf(create({ GroupName: world.unique("none") }))).name).toBe("ResourceNotFoundException");
  });

  promised("schedules are listed by what their names begin with, in pages", async (world) => {
    const { scheduler, GroupName, create } = await openScheduler(world);
    const prefix = world.unique("listed");
    for (const name of ["a", "b", "c"])
      await create({ Name: `${prefix}-${name}`, ...(name === "b" && { State: "DISABLED" }) });
    await create({ Name: `x-${prefix}` });
    const found: unknown[] = [];
    let NextToken: string | undefined;
    do {
      const page = await scheduler.send(
        new ListSchedulesCommand({ GroupName, NamePrefix: prefix, MaxResults: 2, NextToken }),
      );
      found.push(...(page.Schedules ?? []).map(({ Name, State }) => `${Name?.slice(prefix.length)} ${State}`));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(found.sort()).toEqual(["-a ENABLED", "-b DISABLED", "-c ENABLED"]);
  });

  const refused: readonly (readonly [string, Partial<CreateScheduleCommandInput>])[] = [
    ["a name of more than 64 characters", { Name: "x".repeat(65) }],
    ["a name with a space", { Name: "a b" }],
    ["a client token of more than 64 characters", { ClientToken: "x".repeat(65) }],
    ["nonsense", { ScheduleExpression: "every(1 hour)" }],
    ["a time with a zone in it", { ScheduleExpression: "at(2099-01-01T00:00:00Z)" }],
    ["a time with parts of a second", { ScheduleExpression: "at(2099-01-01T00:00:00.000)" }],
    ["a day that does not exist", { ScheduleExpression: "at(2099-02-30T00:00:00)" }],
    ["a rate of nothing", { ScheduleExpression: "rate(0 hours)" }],
    ["a cron with both days", { ScheduleExpression: "cron(0 0 1 * MON *)" }],
    ["a cron of five fields", { ScheduleExpression: "cron(0 0 * * ?)" }],
    ["an unknown time zone", { ScheduleExpressionTimezone: "Mars/Base" }],
  ];
  for (const [what, input] of refused) {
    promised(`${what} is no schedule`, async (world) => {
      const { create } = await openScheduler(world);
      expect((await errorOf(create(input))).name).toBe("ValidationException");
    });
  }
}

export function firing(promised: Promised): void {
  promised("an at() fires within its minute, once, and is gone when it asked for that", async (world) => {
    const queue = await makeQueue(world);
    const { create, get } = await openScheduler(world, queue);
    await create({ ScheduleExpression: atText(world.now() + 1_000), ActionAfterCompletion: "DELETE" });
    expect((await queue.next()).Body).toBe('{"hello":"é"}');
    const gone = () =>
      get().then(
        () => undefined,
        (error: Error) => error.name,
      );
    expect(await world.eventually(gone)).toBe("ResourceNotFoundException");
    expect(await queue.receive()).toEqual([]);
  });

  promised("an at() that has fired keeps its name when it was not told to go", async (world) => {
    const queue = await makeQueue(world, { VisibilityTimeout: "600" });
    const { create, get } = await openScheduler(world, queue);
    const ScheduleExpression = atText(world.now() + 1_000);
    await create({ ScheduleExpression });
    await queue.next();
    expect((await get()).ScheduleExpression).toBe(ScheduleExpression);
    expect((await errorOf(create())).name).toBe("ConflictException");
    expect(await queue.receive()).toEqual([]);
  });

  promised("an at() that is past fires at once", async (world) => {
    const queue = await makeQueue(world);
    const { create } = await openScheduler(world, queue);
    await create({ ScheduleExpression: atText(world.now() - 10 * MINUTE_MS), ActionAfterCompletion: "DELETE" });
    expect((await queue.next()).Body).toBe('{"hello":"é"}');
  });

  promised("an at() is read in the time zone that is given", async (world) => {
    const queue = await makeQueue(world);
    const { create } = await openScheduler(world, queue);
    const inTokyo = new Intl.DateTimeFormat("sv-SE", {
      timeZone: "Asia/Tokyo",
      dateStyle: "short",
      timeStyle: "medium",
    });
    await create({
      ScheduleExpression: `at(${inTokyo.format(world.now() + 1_000).replace(" ", "T")})`,
      ScheduleExpressionTimezone: "Asia/Tokyo",
    });
    expect((await queue.next()).Body).toBe('{"hello":"é"}');
  });

  promised("a schedule that is disabled, or deleted, does not fire", async (world) => {
    const queue = await makeQueue(world);
    const { create, remove } = await openScheduler(world, queue);
    const ScheduleExpression = atText(world.now() + 2_000);
    await create({ ScheduleExpression, State: "DISABLED" });
    const Name = world.unique("deleted");
    await create({ Name, ScheduleExpression });
    await remove(Name);
    await world.pass(4_000);
    expect(await queue.receive()).toEqual([]);
  });

  promised(
    "a rate fires again and again, from when it was made",
    async (world) => {
      const queue = await makeQueue(world, { VisibilityTimeout: "600" });
      const { create, remove } = await openScheduler(world, queue);
      const madeAt = world.now();
      await create({ ScheduleExpression: "rate(1 minute)" });
      await queue.next();
      expect(world.now()).toBeGreaterThanOrEqual(madeAt + MINUTE_MS);
      await queue.next();
      expect(world.now()).toBeGreaterThanOrEqual(madeAt + 2 * MINUTE_MS);
      await remove();
    },
    { seconds: 180 },
  );
}
