import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { expect } from "vitest";
import { errorOf, makeQueue, openToRules, type TestQueue } from "../resources.ts";
import type { Promised, World } from "../target.ts";

/** Time that a new rule may take to be in force, in milliseconds, where rules are. */
const RULE_MS = 1_000;

const order: PutEventsRequestEntry = { Source: "shop.web", DetailType: "order/placed", Detail: '{"id":"o1"}' };

const busName = (world: World): Promise<string> =>
  world.once("bus", async () => {
    const Name = world.unique("bus");
    await world.clients.eventBridge.send(new CreateEventBusCommand({ Name }));
    world.atEnd(() => world.clients.eventBridge.send(new DeleteEventBusCommand({ Name })));
    return Name;
  });

/** A rule of the test's own on the bus, which sends what it matches to a queue. */
async function openRule(world: World, pattern: (source: string) => object = (source) => ({ source: [source] })) {
  const { eventBridge } = world.clients;
  const EventBusName = await busName(world);
  const Source = world.unique("source");
  const [queue, Rule] = [await makeQueue(world), world.unique("rule")];
  await openToRules(world, queue);
  const rule = { EventBusName, Name: Rule, EventPattern: JSON.stringify(pattern(Source)) };
  await eventBridge.send(new PutRuleCommand(rule));
  await eventBridge.send(new PutTargetsCommand({ EventBusName, Rule, Targets: [{ Id: "queue", Arn: queue.arn }] }));
  const off = async () => {
    await eventBridge.send(new RemoveTargetsCommand({ EventBusName, Rule, Ids: ["queue"] }));
    await eventBridge.send(new DeleteRuleCommand({ EventBusName, Name: Rule }));
  };
  world.atEnd(off);
  await world.pass(RULE_MS);
  const put = (...entries: PutEventsRequestEntry[]) =>
    eventBridge.send(
      new PutEventsCommand({ Entries: entries.map((entry) => ({ EventBusName, ...order, Source, ...entry })) }),
    );
  return { EventBusName, Rule, Source, rule, queue, put };
}

const nextEvent = async (queue: TestQueue) => JSON.parse((await queue.next()).Body ?? "") as Record<string, unknown>;

export function events(promised: Promised): void {
  promised("an event comes as it was put, with an id and its time in whole seconds", async (world) => {
    const { put, queue, Source } = await openRule(world);
    const Detail = JSON.stringify({ id: "o1", text: "é\u{1F600}", n: 1.5, none: null, list: [1, "2"] });
    const { Entries, FailedEntryCount } = await put({
      Detail,
      Time: new Date("2026-01-01T00:00:01.900Z"),
      Resources: ["r"],
    });
    expect([FailedEntryCount, Entries?.length]).toEqual([0, 1]);
    expect(await nextEvent(queue)).toEqual({
      version: "0",
      id: Entries?.[0]?.EventId,
      "detail-type": "order/placed",
      source: Source,
      account: world.account,
      time: "2026-01-01T00:00:01Z",
      region: world.region,
      resources: ["r"],
      detail: JSON.parse(Detail),
    });
  });

  promised("an event without a time has that of its arrival", async (world) => {
    const { put, queue } = await openRule(world);
    const before = Math.floor(world.now() / 1_000) * 1_000;
    await put({});
    const { time, resources } = await nextEvent(queue);
    expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before - 2_000);
    expect([String(time), resources]).toEqual([expect.stringMatching(/^[\d-]{10}T[\d:]{8}Z$/), []]);
  });

  promised("the rule of the engine's own bus takes everything on it", async (world) => {
    const { put, queue } = await openRule(world, () => ({ source: [{ prefix: "" }] }));
    await put({ Source: "x" });
    const event = await world.eventually(async () =>
      (await queue.receive()).map(({ Body = "" }) => JSON.parse(Body)).find(({ source }) => source === "x"),
    );
    expect(event.detail).toEqual({ id: "o1" });
  });

  promised("an event that a rule does not match does not come", async (world) => {
    const { put, queue, Source } = await openRule(world, (source) => ({ source: [source], "detail-type": ["a"] }));
    await put({ DetailType: "b" }, { DetailType: "a" });
    expect(await nextEvent(queue)).toMatchObject({ source: Source, "detail-type": "a" });
    expect(await queue.receive()).toEqual([]);
  });

  promised("a rule that is disabled sends nothing until it is enabled again, and keeps its targets", async (world) => {
    const { put, queue, rule, Rule, EventBusName } = await openRule(world);
    const { eventBridge } = world.clients;
    await eventBridge.send(new PutRuleCommand({ ...rule, State: "DISABLED" }));
    await world.pass(RULE_MS);
    await put({ DetailType: "lost" });
    await world.pass(RULE_MS);
    await eventBridge.send(new PutRuleCommand({ ...rule, State: "ENABLED" }));
    await world.pass(RULE_MS);
    await put({ DetailType: "found" });
    expect((await nextEvent(queue))["detail-type"]).toBe("found");
    const { Targets } = await eventBridge.send(new ListTargetsByRuleCommand({ EventBusName, Rule }));
    expect(Targets).toEqual([{ Id: "queue", Arn: queue.arn }]);
  });

  promised("a rule that has targets is not deleted", async (world) => {
    const { EventBusName, Rule } = await openRule(world);
    const remove = new DeleteRuleCommand({ EventBusName, Name: Rule });
    expect((await errorOf(world.clients.eventBridge.send(remove))).name).toBe("ValidationException");
  });

  const bad: readonly (readonly [string, PutEventsRequestEntry, string])[] = [
    ["has no source", { Source: "" }, "InvalidArgument"],
    ["has no detail type", { DetailType: "" }, "InvalidArgument"],
    ["has a detail that is no JSON", { Detail: "{" }, "MalformedDetail"],
    ["has a detail that is a list", { Detail: "[1]" }, "MalformedDetail"],
    ["has a source of AWS's own", { Source: "aws.ec2" }, "NotAuthorizedForSourceException"],
  ];
  for (const [what, entry, code] of bad) {
    promised(`an entry that ${what} fails alone`, async (world) => {
      const { put, queue } = await openRule(world);
      const { FailedEntryCount, Entries } = await put(entry, { DetailType: "good" });
      expect([FailedEntryCount, Entries?.map(({ ErrorCode }) => ErrorCode)]).toEqual([1, [code, undefined]]);
      expect((await nextEvent(queue))["detail-type"]).toBe("good");
    });
  }

  promised("eleven entries are refused as a whole", async (world) => {
    const { put } = await openRule(world);
    expect((await errorOf(put(...Array.from({ length: 11 }, () => ({}))))).name).toBe("ValidationException");
  });

  promised("more than 1 MB is refused as a whole", async (world) => {
    const { put } = await openRule(world);
    const Detail = JSON.stringify({ x: "x".repeat(1_048_576) });
    expect((await errorOf(put({ Detail }))).name).toMatch(/ValidationException|RequestEntityTooLarge/);
  });

  promised("an event for a bus that is not there is accepted, and gone", async (world) => {
    const { put } = await openRule(world);
    const { FailedEntryCount, Entries } = await put({ EventBusName: world.unique("nowhere") });
    expect([FailedEntryCount, Entries?.[0]?.EventId]).toEqual([0, expect.any(String)]);
  });
}
