import { expect, it } from "vitest";
import { audit, type Law, type Snapshot } from "../../audit/index.ts";
import { operationKey } from "../../sdk/execution/keys.ts";
import {
  BACKLOG,
  BUCKET,
  bucketRun,
  change,
  counted,
  EVENT_OF_NAP,
  ended,
  header,
  idOf,
  LISTENER,
  LOCK,
  NOW,
  napper,
  only,
  ordered,
  payer,
  pkOf,
  queued,
  run,
  SLOTS,
  step,
  steps,
  WAIT,
  withItem,
  without,
  worker,
  world,
} from "./world.ts";

type Damage = (snapshot: Snapshot) => Snapshot;

const all =
  (...damages: readonly Damage[]): Damage =>
  (snapshot) =>
    damages.reduce((damaged, damage) => damage(damaged), snapshot);
const noMessages: Damage = (snapshot) => ({ ...snapshot, messages: [] });
const noSchedules: Damage = (snapshot) => ({ ...snapshot, schedules: [] });
const noExecutions: Damage = (snapshot) => ({ ...snapshot, executions: [] });
const holders =
  (holders: object, promised: object = {}): Damage =>
  (snapshot) =>
    change(snapshot, SLOTS, "shard#0", () => ({ holders, promised }));
const free = holders({});
const slot = (fence = 1) => ({ until: NOW + 1, fence });
const over = { status: "completed", owner: undefined, by: undefined, leaseUntil: undefined };
const batched = (...ids: readonly string[]) => JSON.stringify(ids.map((id) => [id, NOW - 3_600_000, NOW]));
const failed = (message: string) => ({
  status: "failed",
  outcome: JSON.stringify({ ok: false, error: { name: "StepwellError", code: "STEPWELL_STEP_MISMATCH", message } }),
});

it("finds nothing in a world in which all laws hold", () => {
  expect(audit(world)).toEqual([]);
  expect(audit(counted(world))).toEqual([]);
  expect(audit({ now: NOW, items: world.items })).toEqual([]);
});

const CASES: readonly (readonly [string, Law, RegExp, Damage])[] = [
  ["an id that is no hash of its event", "L1", /not the hash of its function/, header(napper, { eventId: "e-pay" })],
  ["a header of another run", "L1", /has the header of the run X/, header(napper, { runId: "X" })],
  [
    "two runs of one event",
    "L1",
    /event e-nap has started two runs of shop\/nap/,
    (snapshot) => {
      const runId = idOf("nap", "e-nap", NOW);
      const [twin] = run("nap", "e-nap", { runId, status: "completed" });
      return withItem({ ...twin, pk: pkOf(runId), sk: "header" })(snapshot);
    },
  ],
  [
    "an event in two batches",
    "L1",
    /event e-batch is in generation 0 .* and in generation 1/,
    (snapshot) => {
      const first = snapshot.items.find(({ pk }) => pk === BUCKET);
      return withItem({ ...first, pk: BUCKET, sk: "generation#1", closedAt: NOW - 2 * 30 * 86_400_000 })(snapshot);
    },
  ],
  [
    "an event in a batch that has no record of it",
    "L1",
    /event e-nap is in generation 0 .* has no record/,
    (snapshot) => change(snapshot, BUCKET, "generation#0", () => ({ events: batched("e-batch", "e-nap") })),
  ],
  [
    "an event whose record says another batch",
    "L1",
    /its record says generation 3 of b/,
    header(idOf("collect", "e-batch"), { bucket: JSON.stringify({ id: "b", generation: 3 }) }),
  ],
  [
    "an event that is in no batch",
    "L1",
    /is to be in generation 0 .* and is not there/,
    without(BUCKET, "generation#0"),
  ],
  ["a step that is lost", "L1", /has 0 steps on record, and had 1/, without(pkOf(napper), "step#")],
  [
    "a result that has woken nobody",
    "L2",
    /its step child has been resolved by child/,
    all(
      withItem(
        step(napper, "child", {
          ...{ kind: "invoke", outcome: "ok", by: "child", endedAt: NOW },
        }),
      ),
    ),
  ],
  [
    "a holder whose message is gone",
    "L2",
    /held for the message start under the fence 1, and that message is gone/,
    noMessages,
  ],
  [
    "a holder who has died without a message",
    "L3",
    /whose lease has ended/,
    all(header(ordered, { leaseUntil: NOW - 1 }), noMessages),
  ],
  [
    "a run that was given back and has no message",
    "L3",
    /was given back by its holder/,
    all(header(ordered, { owner: undefined }), noMessages),
  ],
  ["a run in no line", "L3", /is queued, and is not in line/, without(BACKLOG, "")],
  ["a run with no timer", "L3", /nothing will wake it but the sweeper/, noSchedules],
  ["a run that nobody knows to be due", "L3", /not in the index of what is due/, header(napper, { gsi2sk: undefined })],
  [
    "a run that is overdue",
    "L3",
    /has been due since 2027-01-01T10/,
    all(header(napper, { gsi2sk: "2027-01-01T10:00:00.000Z#x" }), noSchedules),
  ],
  [
    "a cancellation that nobody carries out",
    "L3",
    /is cancelled, and nobody/,
    header(napper, { cancel: '{"by":"request"}' }),
  ],
  ["an event that is not stored", "L3", /event e-nap of .* is not stored/, without(EVENT_OF_NAP, "event")],
  ["a batch without its list of events", "L3", /their list is not stored/, header(napper, { batch: true })],
  ["a header that is lost", "L3", /has no header, and its step rest is open/, without(pkOf(napper), "header")],
  ["a batch that nobody closes", "L3", /is open, and nothing will close it/, noSchedules],
  [
    "a batch whose run nobody starts",
    "L3",
    /is closed, and its run has not been started/,
    all((snapshot) => change(snapshot, BUCKET, "generation#0", () => ({ closedAt: NOW })), noSchedules),
  ],
  ["a step of a fence that was never given", "L4", /fence 1, and its step rest has 9/, steps(napper, { fence: 9 })],
  ["a suspend of a fence that was never given", "L4", /suspended by 9/, header(napper, { armed: 9 })],
  ["a step that is tried for ever", "L4", /rest has failed 21 times/, steps(napper, { attempts: 21 })],
  ["a handler that is tried for ever", "L4", /its handler has failed 21 times/, header(napper, { attempts: 21 })],
  ["a run that crashes for ever", "L4", /it has crashed 23 times/, header(napper, { crashes: 23 })],
  [
    "a slot of a run that rests",
    "L5",
    /does not execute, holds a slot/,
    holders({ [napper]: slot(), [worker]: slot(2) }),
  ],
  [
    "a slot of a run that has ended",
    "L5",
    /does not execute, holds a slot/,
    holders({ [ended]: slot(), [worker]: slot(2) }),
  ],
  ["a slot of a run that is not there", "L5", /is not there, holds a slot/, holders({ X: slot(), [worker]: slot(2) })],
  [
    "a slot of a fence that was never given",
    "L5",
    /has the fence 2, and holds a slot .* fence 9/,
    holders({ [worker]: slot(9) }),
  ],
  [
    "a promise to a run that has ended",
    "L5",
    /is promised a slot/,
    holders({ [worker]: slot(2) }, { [ended]: { ...slot(), by: napper } }),
  ],
  [
    "more slots than the limit has",
    "L5",
    /2 runs hold slots .* whose limit is 1/,
    all(
      holders({ [worker]: slot(2), [queued]: slot(1) }),
      header(queued, { owner: "me", leaseUntil: NOW + 1, fence: 1, parked: undefined, codeVersion: "v1" }),
    ),
  ],
  ["a run that executes without its slot", "L5", /executes under the fence 2, and holds no slot/, free],
  [
    "a place in line of a run that has ended",
    "L5",
    /has ended, and stands in line/,
    all(header(queued, { status: "completed" }), header(worker, { gates: undefined }), free),
  ],
  [
    "a line that does not move",
    "L5",
    /the first in line .* where slots are free/,
    all(free, header(worker, { gates: undefined })),
  ],
  ...(["owner", "by", "guard", "leaseUntil", "retryAt"] as const).map(
    (name) =>
      [`an ended run's "${name}"`, "L6", new RegExp(`still has "${name}"`), header(ended, { [name]: 1 })] as const,
  ),
  ["an ended run that is due", "L6", /still has "due"/, header(ended, { gsi2sk: "2027-01-01T10:00:00.000Z#x" })],
  ["an ended run without its outcome", "L6", /its outcome is not stored/, header(ended, { outcomeAt: "item" })],
  ["an open step of an ended run", "L6", /its step left is open/, withItem(step(ended, "left", { kind: "run" }))],
  [
    "a timer of an ended run",
    "L6",
    /its timer or execution .* is left/,
    all(withItem(step(ended, "nap", { kind: "sleep", until: NOW + 1, outcome: "error", by: "end" })), (snapshot) => ({
      ...snapshot,
      schedules: [...(snapshot.schedules ?? []), `${ended}-${operationKey("nap")}-0`],
    })),
  ],
  [
    "a singleton's lock of an ended run",
    "L6",
    /which has ended, has the singleton/,
    (snapshot) => change(snapshot, LOCK, "singleton", () => ({ runId: ended })),
  ],
  ["a singleton without its lock", "L6", /its lock .* is not there/, without(LOCK, "singleton")],
  [
    "a singleton beside another",
    "L6",
    /its lock is the run .*'s/,
    all((snapshot) => change(snapshot, LOCK, "singleton", () => ({ runId: napper }))),
  ],
  ["a wait without its listener", "L7", /its listener is not there/, without(LISTENER, "")],
  [
    "a wait whose event nobody compares",
    "L7",
    /no event of that name is compared/,
    without("main#$#paths#shop/paid", ""),
  ],
  ["a wait without its timeout", "L7", /waits in paid until .*, and nothing will tell/, noExecutions],
  ["a sleep without its timer", "L7", /waits in rest until .*, and nothing will tell/, noSchedules],
  ["a deadline without its timer", "L7", /waits for finish until/, header(napper, { finishBy: NOW + 1 })],
  ["a handler's next try without its timer", "L7", /waits for handler:0 until/, header(napper, { retryAt: NOW + 1 })],
  [
    "a listener of a step that has its outcome",
    "L7",
    /listener .* is left: the step paid .* has its outcome/,
    all(noExecutions, steps(payer, { outcome: "ok", by: "timeout", order: 1 })),
  ],
  ["a listener of no step", "L7", /there is no step .* of the run/, without(pkOf(payer), "step#")],
  ["a listener of a run that has ended", "L7", /is left: the run .* has ended/, all(noMessages, header(ordered, over))],
  [
    "a wait without its signal's name",
    "L7",
    /waits in paid for the signal s, and the name is nobody's/,
    all(without(LISTENER, ""), steps(payer, { wait: JSON.stringify({ signal: "s", via: "stepFunctions" }) })),
  ],
  [
    "a signal's name whose wait is over",
    "L7",
    /the name of a signal is left in main#shop#signal#s: the wait gone of the run/,
    withItem({ pk: "main#shop#signal#s", sk: "waiter", runId: ended, stepKey: "gone" }),
  ],
  [
    "a dead letter",
    "L8",
    /message m1 of q could not be handled: no idea/,
    withItem({ pk: "main#$#dead", sk: "m1", queue: "q", reason: "no idea", runId: napper }),
  ],
  [
    "a run that rests for nothing",
    "L9",
    /is waiting, and has nothing open/,
    steps(payer, { outcome: "ok", by: "timeout", endedAt: NOW }),
  ],
  ["a memo under another key", "L10", /has the step other under step#/, steps(napper, { id: "other" })],
  ["a mismatch that says one side", "L10", /does not say both sides: no/, header(ended, failed("no"))],
];

it.each(CASES)("finds %s (%s)", (_, law, text, damage) => {
  const found = audit(damage(world));
  expect(found).toContainEqual(expect.objectContaining({ law, text: expect.stringMatching(text) }));
});

it.each<[string, Damage]>([
  ["its message is with somebody", header(ordered, { leaseUntil: NOW - 1 })],
  [
    "the router has the event that has resolved the step",
    all(steps(payer, { outcome: "ok", by: "event:e1", endedAt: NOW }), (snapshot) => ({
      ...snapshot,
      messages: [
        ...(snapshot.messages ?? []),
        {
          queue: "stepwell-ingest",
          state: "inflight",
          body: JSON.stringify({ source: "stepwell.shop", detail: { id: "e1" } }),
        },
      ],
    })),
  ],
  ["a slot is over", holders({ [worker]: slot(2), [napper]: { until: NOW, fence: 1 } })],
  ["a dead letter was sent again", withItem({ pk: "main#$#dead", sk: "m1", reason: "r", redrivenAt: NOW })],
  [
    "a mismatch says both sides",
    header(ended, failed('The step "a" was a step.run when …, and is a step.sleep in the code now.')),
  ],
  ["another version of the code may have had another cancelOn", header(ordered, { ...over, codeVersion: "v0" })],
])("finds nothing when %s", (_, become) => {
  expect(audit(become(world))).toEqual([]);
});

it("at rest nothing may be left, not even what a grace or an expiry excuses", () => {
  const found = audit(world, { atRest: true }).map(({ text }) => text);
  for (const left of [
    `the run ${napper} of shop/nap has not ended`,
    `the schedule ${bucketRun}-flush-x is left`,
    `the execution ${payer}-${WAIT}-0 still runs`,
    `the listener ${payer}#${WAIT} is left in ${LISTENER}`,
  ])
    expect(found).toContain(left);
  expect(found.filter((text) => text.includes("is left in line"))).toHaveLength(1);
  expect(found.filter((text) => text.includes("a message is left"))).toHaveLength(3);
  const lapsed = holders({ [ended]: { until: NOW, fence: 1 } })({
    now: NOW,
    items: world.items.filter(({ pk }) => pk === SLOTS || pk === pkOf(ended)),
  });
  expect(audit(lapsed, { atRest: true })).toEqual([]);
  expect(audit(lapsed, { atRest: true, spotless: true })).toMatchObject([{ law: "L5", runId: ended }]);
});

it("where messages are only counted, it is unsure as long as there are some, and waits two minutes", () => {
  const given = header(only, { owner: undefined, startedAt: NOW - 3_600_000, leaseUntil: undefined });
  const why = expect.stringContaining("was given back by its holder");
  expect(audit(given(counted(world)))).toMatchObject([{ law: "L3", text: why }]);
  expect(audit(given(counted(world, 1)))).toMatchObject([{ law: "L3", text: why, unsure: true }]);
  expect(audit(header(only, { owner: undefined, startedAt: NOW - 1_000 })(counted(world)))).toEqual([]);
  expect(audit(counted(world, 1))).toEqual([]);
  const short = header(napper, { retryAt: NOW + 60_000 });
  expect(audit(short(counted(world, 0, 1)))).toEqual([]);
  expect(audit(short(counted(world)))).toMatchObject([{ law: "L7" }]);
});
