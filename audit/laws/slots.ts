/** L5: slots are leases with an owner and its fence; promises and places in line are for runs that live. */
import { PROMISE_MS } from "../../lambdas/aws/gate-store.ts";
import { slotsPartition } from "../../lambdas/aws/keys.ts";
import { limitToday } from "../../lambdas/engine/flow-keys.ts";
import type { GateRef } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import {
  type Facts,
  functionOf,
  type GateFacts,
  isActive,
  isHeld,
  isKnown,
  type KnownRun,
  nameOf,
  type Place,
  runsNamed,
} from "../facts.ts";
import { isAhead } from "../mail.ts";
import { type Answer, either, GRACE_MS, isRouterBusy, isUnderWay, unless } from "../under-way.ts";

export const slots = (facts: Facts): readonly Finding[] => [
  ...facts.gates.flatMap((gate) => [
    ...gate.holders.flatMap((slot) => wrongHolder(facts, gate, slot)),
    ...gate.promised.flatMap((promise) => wrongPromise(facts, gate, promise)),
    ...overLimit(facts, gate),
  ]),
  ...facts.places.flatMap((place) => wrongPlace(facts, place)),
  ...facts.runs.filter(isActive).flatMap((run) => withoutSlot(facts, run)),
  ...[...Map.groupBy(facts.places, ({ gate }) => gate.id).values()].flatMap((line) => stuckLine(facts, line)),
];

type Holder = GateFacts["holders"][number];

/** Who holds a slot executes, under that fence. One that is over is nobody's, and the next who comes takes it away. */
function wrongHolder(facts: Facts, gate: GateFacts, slot: Holder): readonly Finding[] {
  const { runId, until, fence } = slot;
  const { spotless } = facts.options;
  if (until <= facts.now && !spotless) return [];
  const runs = runsNamed(facts, gate.env, runId).filter(isKnown);
  const about = `holds a slot of ${gate.pk} under the fence ${fence}`;
  const ahead = runs.find(({ header }) => fence > header.fence);
  if (ahead !== undefined && runs.length === 1)
    return [{ law: "L5", text: `${nameOf(ahead)} has the fence ${ahead.header.fence}, and ${about}`, runId }];
  if (runs.some((run) => isActive(run) && isHeld(run))) return [];
  const [run] = runs;
  const text = `${run === undefined ? `the run ${runId}, which is not there,` : `${nameOf(run)}, which does not execute,`} ${about}`;
  const answer = run === undefined ? busyAbout(facts, gate, runId) : isUnderWay(facts, run);
  return unless(answer, { law: "L5", text, runId });
}

/** Who is promised a slot lives, and has been sent a message. A promise that has lapsed is nobody's. */
function wrongPromise(facts: Facts, gate: GateFacts, { runId, until, by }: GateFacts["promised"][number]) {
  const { now, snapshot, options } = facts;
  if (until <= now && !options.spotless) return [];
  const runs = runsNamed(facts, gate.env, runId).filter(isKnown);
  if (!options.atRest) {
    // Promises are short; without the messages nobody can tell them from what is under way.
    if (snapshot.messages === undefined || runs.some(isActive)) return [];
    if (by === "sweeper" && until - PROMISE_MS > now - GRACE_MS) return [];
  }
  const text = `the run ${runId}, which ${runs.length === 0 ? "is not there" : "does not wait for it"}, is promised a slot of ${gate.pk} by ${by}`;
  const answer = either(busyAbout(facts, gate, runId), busyAbout(facts, gate, by));
  return unless(answer, { law: "L5", text, runId });
}

/** Of a run that has no header yet nobody knows the event. */
function busyAbout(facts: Facts, { env }: GateFacts, runId: string): Answer {
  const [run] = runsNamed(facts, env, runId).filter(isKnown);
  if (run !== undefined) return isUnderWay(facts, run);
  return either(isUnderWay(facts, { env, app: "", runId }), isRouterBusy(facts));
}

/** Never more than the limit. After a deploy runs of the code before may be more than it has now. */
function overLimit(facts: Facts, gate: GateFacts): readonly Finding[] {
  const live = gate.holders.filter(({ until }) => until > facts.now);
  const limits = live.map(({ runId }) => limitOf(facts, gate, runsNamed(facts, gate.env, runId).find(isKnown)));
  if (limits.some((limit) => limit === undefined)) return [];
  const most = Math.max(...limits.map((limit) => limit ?? 0));
  if (live.length === 0 || live.length <= most) return [];
  const holders = live.map(({ runId, fence }) => `${runId} (${fence})`).join(", ");
  return [{ law: "L5", text: `${live.length} runs hold slots of ${gate.pk}, whose limit is ${most}: ${holders}` }];
}

/** Undefined: the limit may have been another when the run took its slot. */
function limitOf(facts: Facts, { id }: { readonly id: string }, run: KnownRun | undefined): number | undefined {
  const ref = run?.header.gates?.find((gate) => gate.id === id);
  if (run === undefined || ref === undefined) return undefined;
  const today = functionOf(facts, { env: run.env, app: run.app, functionId: run.header.functionId });
  return today?.codeVersion === run.header.codeVersion ? limitToday(today?.fn.flow, ref) : undefined;
}

/** Whoever has got somewhere under its fence has a slot of each of its gates. */
function withoutSlot(facts: Facts, run: KnownRun): readonly Finding[] {
  const { header, steps, runId } = run;
  const { fence, leaseUntil = 0, gates = [] } = header;
  if (!isHeld(run) || leaseUntil < facts.now || !steps.some((step) => step.fence === fence)) return [];
  const holds = (gate: GateRef) => {
    const pk = slotsPartition(run, gate);
    return facts.gates.some((one) => one.pk === pk && one.holders.some((slot) => slot.runId === runId));
  };
  return gates
    .filter((gate) => limitOf(facts, gate, run) !== undefined && !holds(gate))
    .map((gate) => ({
      law: "L5",
      text: `${nameOf(run)} executes under the fence ${fence}, and holds no slot of ${slotsPartition(run, gate)}`,
      runId,
    }));
}

/** Who stands in line has not ended. The one who lets it in takes it out, after the message that its turn has come. */
function wrongPlace(facts: Facts, { pk, sk, env, app, functionId, runId, gate }: Place): readonly Finding[] {
  const run = runsNamed(facts, env, runId).find(isKnown);
  if (run !== undefined && isActive(run)) return [];
  const text = `the run ${runId} of ${app}/${functionId} ${run === undefined ? "is not there" : "has ended"}, and stands in line: ${sk} of ${pk}`;
  return unless(either(isUnderWay(facts, { env, app, runId }), isGateBusy(facts, gate.id)), { law: "L5", text, runId });
}

/** Whether somebody is under way who lets others pass that gate: whoever executes does so when he is done. */
function isGateBusy(facts: Facts, id: string): Answer {
  const runs = facts.runs.filter(isKnown).filter(({ header }) => header.gates?.some((gate) => gate.id === id));
  const answers = runs.map((run) => (isExecuting(facts, run) ? "no" : isUnderWay(facts, run)));
  return either(isRouterBusy(facts), ...answers);
}

/** Held, and no other message than its holder's is about to look at it. */
const isExecuting = ({ now, mail }: Facts, { runId, header }: KnownRun): boolean =>
  (header.leaseUntil ?? 0) >= now &&
  !mail.about.get(runId)?.some((letter) => letter.id !== header.by && !isAhead(letter));

/** A line moves on whenever a slot is free. A limit that was raised is noticed by the next who leaves, or by the sweeper. */
function stuckLine(facts: Facts, line: readonly Place[]): readonly Finding[] {
  const { now, gates, options } = facts;
  const [first] = line.toSorted((a, b) => (a.sk < b.sk ? -1 : 1));
  const run = first && runsNamed(facts, first.env, first.runId).find(isActive);
  if (first === undefined || run === undefined || options.atRest) return [];
  const ref = run.header.gates?.find(({ id }) => id === first.gate.id);
  const today = functionOf(facts, first);
  const limit = ref && limitToday(today?.fn.flow, ref);
  const gate = gates.find(({ pk }) => ref !== undefined && pk === slotsPartition(first, ref));
  const used = (gate?.holders.length ?? 0) + (gate?.promised.length ?? 0);
  if (limit === undefined || (gate?.heldUntil ?? 0) > now || used >= Math.min(limit, first.limit)) return [];
  const text = `${nameOf(run)} is the first in line for ${gate?.pk ?? first.gate.id}, where slots are free, and is not let in`;
  const { env, app, functionId, runId, since } = first;
  if (facts.snapshot.messages === undefined && since > now - GRACE_MS) return [];
  const finding: Finding = { law: "L5", text, runId, wake: { env, app, functionId, runId } };
  return unless(isGateBusy(facts, first.gate.id), finding);
}
