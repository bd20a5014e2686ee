import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import type { FlowManifest } from "../../sdk/protocol/index.ts";
import { FAULT_KINDS, type Fault, type FaultKind } from "../../sim/faults.ts";
import { disturb, late, type Mail, shuffled, twice } from "../../sim/mail.ts";
import { audit } from "./audit.ts";
import { APP, openStage, type Stage } from "./harness.ts";
import { one, withFlow } from "./scenarios.ts";

/** `LAWS=full` makes every fault at every call. */
const FULL = process.env.LAWS === "full";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Sent {
  readonly id: string;
  /** The sender's time, in milliseconds from the start. */
  readonly ts: number;
}

/** Events for one function under flow control: groups that are sent together, so much time after the group before. */
interface Story {
  readonly name: string;
  readonly flow: FlowManifest;
  readonly groups: readonly (readonly Sent[])[];
  readonly apartMs: number;
}

interface Told {
  /** What the completed runs have got, by their events: `["a b", "c"]`. */
  readonly runs: readonly string[];
  readonly calls: readonly string[];
  readonly problems: readonly string[];
}

const [a, b, c] = [
  { id: "a", ts: 2 },
  { id: "b", ts: 3 },
  { id: "c", ts: 1 },
];

const stories: readonly Story[] = [
  {
    name: "a batch that fills up, and one whose time is over",
    flow: { batchEvents: { maxSize: 2, timeoutMs: MINUTE_MS } },
    groups: [[a], [b], [c]],
    apartMs: 1_000,
  },
  {
    name: "a batch that is kept by a schedule, and fills up",
    flow: { batchEvents: { maxSize: 2, timeoutMs: DAY_MS } },
    groups: [[a], [b]],
    apartMs: 1_000,
  },
  {
    name: "a debounce whose events come out of order",
    flow: { debounce: { periodMs: 30_000, timeoutMs: 40_000 } },
    groups: [[a], [b], [c]],
    apartMs: 20_000 - 1_000,
  },
  {
    name: "a debounce that collects",
    flow: { debounce: { periodMs: 30_000, collect: true } },
    groups: [[a], [b], [c]],
    apartMs: 1_000,
  },
];

let stage: Stage;
afterEach(() => stage.cloud.close());

async function tell(story: Story, faults: readonly Fault[] = [], mail?: Mail): Promise<Told> {
  stage = await openStage({ name: story.name, functions: withFlow(story.flow, got) }, faults);
  if (mail !== undefined) disturb(stage.aws, mail, APP);
  const startedAt = stage.aws.clock.now();
  for (const group of story.groups) {
    await stage.cloud.send(group.map(({ id, ts }) => ({ id, name: "laws/start", data: { id }, ts: startedAt + ts })));
    await stage.pass(story.apartMs);
  }
  await stage.pass(20 * DAY_MS);
  await stage.doors.sweep();
  const { problems } = await audit(stage);
  const ids = story.groups.flat().map(({ id }) => id);
  const found = await look(stage, ids);
  return { runs: found.runs, calls: [...stage.faults.calls], problems: [...problems, ...found.problems] };
}

const got = one(async ({ event, events }) => ({ event: event.id, events: events.map(({ id }) => id) }));

type Item = Readonly<Record<string, unknown>>;

/** What the table tells of the buckets. */
async function look({ aws, provisioned, cloud }: Stage, ids: readonly string[]) {
  const { Items } = await aws.dynamodb.call("Scan", { TableName: provisioned.binding.tableName });
  const items: Item[] = (Items as Parameters<typeof unmarshall>[0][]).map((item) => unmarshall(item));
  const buckets = items.filter(({ sk }) => String(sk).startsWith("generation#"));
  const ended = items.filter(({ sk, bucket }) => sk === "header" && bucket === undefined);
  const outputs = ended.map(({ outcome }) => JSON.parse(String(outcome)).data.json as string);
  const runs = outputs.map((json) => (JSON.parse(json) as { events: string[] }).events);
  const problems = [
    ...buckets.filter(({ closedAt }) => closedAt === undefined).map(({ pk, sk }) => `${pk} ${sk} is open at rest`),
    ...(buckets.length === ended.length ? [] : [`${buckets.length} buckets have ${ended.length} runs`]),
    ...ids.filter((id) => runs.filter((events) => events.includes(id)).length > 1).map((id) => `${id} is in two runs`),
    ...(await Promise.all(ids.map(async (id) => fateProblems(id, await cloud.runsOf(id))))).flat(),
  ];
  return { runs: runs.map((events) => events.join(" ")).toSorted(), problems };
}

const fateProblems = (id: string, fates: readonly { readonly status: string }[]): string[] =>
  fates.length === 1 && ["completed", "skipped"].includes(fates[0]?.status ?? "")
    ? []
    : [`the event ${id} has come to ${fates.map(({ status }) => status).join(" and ") || "nothing"}`];

/** The calls by which the router adds and closes, and those around them: from the first event to the last lease. */
function pointsOf(calls: readonly string[]): readonly Fault[] {
  return calls.flatMap((call, i) => {
    const isWrite = !/^(Query|GetItem)/.test(call);
    const always: readonly FaultKind[] = isWrite
      ? ["crashBefore", "crashAfter", "failAfter", "repeat"]
      : ["crashAfter"];
    const isBucket = /bucket#|PutItem run#|\(REMOVE #gsi1pk|flush|schedules|start$|DeleteMessage/.test(call);
    if (!FULL && !isBucket) return [];
    return FAULT_KINDS.filter((kind) => FULL || always.includes(kind)).map((kind) => ({ kind, at: i + 1 }));
  });
}

describe.each(stories)("$name", (story) => {
  it("fires once with what belongs to it, whatever happens at any call of an add or a close (FI-03, FI-04)", {
    timeout: 300_000,
  }, async () => {
    const base = await tell(story);
    expect(base.problems).toEqual([]);
    await stage.cloud.close();
    for (const fault of pointsOf(base.calls)) {
      const { runs, problems } = await tell(story, [fault]);
      const call = base.calls[Number(fault.at) - 1];
      expect({ ...fault, call, runs, problems }).toMatchObject({ problems: [] });
      // Which events are together may differ if one is late; each is there, and of a debounce the latest.
      expect({ ...fault, call, ids: eventsIn(story, runs) }).toMatchObject({ ids: eventsIn(story, base.runs) });
      await stage.cloud.close();
    }
  });

  it.each([
    ["twice at once", twice(0)],
    ["again a day later", twice(DAY_MS)],
    ["40 s late", late(40_000)],
    ["in any order", shuffled(1)],
  ] as const)("messages that come %s put no event into two runs, and lose none (L1)", async (_, mail) => {
    const told = await tell(story, [], mail);
    expect(told.problems).toEqual([]);
    expect(eventsIn(story, told.runs)).toEqual(eventsIn(story, (await afterwards(story)).runs));
  });
});

async function afterwards(story: Story): Promise<Told> {
  await stage.cloud.close();
  return tell(story);
}

/** All events that have come to a run; of a debounce that keeps the latest alone, that one. */
function eventsIn({ flow }: Story, runs: readonly string[]): readonly string[] {
  const all = runs.flatMap((run) => run.split(" ")).toSorted();
  return flow.debounce !== undefined && flow.debounce.collect !== true ? all.filter((id) => id === "b") : all;
}
