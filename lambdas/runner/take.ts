import { LEASE_MS, type RunMessage } from "../../sdk/protocol/index.ts";
import { pump } from "../aws/hand-over.ts";
import { waitName } from "../aws/keys.ts";
import type { Birth } from "../aws/run-item.ts";
import type { Leased } from "../aws/run-store.ts";
import { onRefusedLease } from "../engine/lease.ts";
import { timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";
import { armStart, endLifetime } from "./deadlines.ts";
import { type Delivery, keepUntil, shortenVisibility } from "./delivery.ts";
import type { RunnerDeps } from "./deps.ts";
import { putOff } from "./early.ts";
import { takeStep } from "./fan-out/sibling.ts";
import { handOverOf, type Look, lookAround, passOnPromises, type Standing, slotsOf, standingOf } from "./gates.ts";
import { hold, type Verdict } from "./hold.ts";
import { fullGate, getInLine, leaveBehind } from "./line.ts";
import { heldBack } from "./reserved-start.ts";
import { releaseSingleton, repeatTail } from "./tail.ts";

/** A message that names a function which this deployment does not serve comes back after this time, in milliseconds. */
const UNKNOWN_FUNCTION_RETRY_MS = 5 * 60_000;

/** One message: what it brings is written first, then the run is leased and carried on (PROTOCOLS.md §2). */
export async function take(deps: RunnerDeps, delivery: Delivery): Promise<Verdict> {
  const { message, receipt } = delivery;
  if (message.kind === "pump") return pumpGate(deps, message);
  if (!deps.functions.has(message.functionId)) return unknownFunction(deps, delivery);
  if (await putOff(deps, message)) return "ack";
  if (message.kind === "step") return takeStep(deps, { ...delivery, message });
  const nonce = deps.nonce();
  const [arrived] = await Promise.all([arrive(deps, message, nonce), shortenVisibility(deps, receipt)]);
  if (typeof arrived === "string") return arrived;
  const { leased, looks } = arrived;
  if (leased !== undefined) return hold(deps, { ...delivery, leased, looks });
  const verdict = await refused(deps, delivery, nonce);
  await passOnPromises(deps, message, await promisedLooks(deps, message, looks));
  return verdict;
}

/** The run does not need what it has been promised: it is held, or has ended. */
async function promisedLooks(deps: RunnerDeps, message: RunMessage, looks: readonly Look[]): Promise<readonly Look[]> {
  const standing = slotsOf(message) && (await standingOf(deps, message));
  return standing === undefined ? looks : lookAround(deps, message, standing.place);
}

interface Arrival {
  readonly leased: Leased | undefined;
  readonly looks: readonly Look[];
}

/** What the message brings is written, then the run gets in line if its gates are full, else its lease is asked for. */
async function arrive(deps: RunnerDeps, message: RunMessage, nonce: string): Promise<Arrival | Verdict> {
  if (message.kind === "resolve") await resolveStep(deps, message);
  const verdict = await heldBack(deps, message);
  if (verdict !== undefined) return verdict;
  const standing = goesAhead(message) ? undefined : await standingOf(deps, message);
  if (standing === undefined) return { leased: await lease(deps, message, nonce), looks: [] };
  const looks = await lookAround(deps, message, standing.place);
  const full = fullGate(looks, message.runId, deps.clock.now());
  if (full === undefined || !(await isParked(deps, message, standing)))
    return { leased: await lease(deps, message, nonce), looks };
  const waiting = standing.header ?? (message.kind === "start" ? message : undefined);
  if (waiting !== undefined) await armStart(deps, message, waiting);
  await leaveBehind(deps, message, looks, standing.header?.fence);
  await getInLine(deps, message, standing, looks, full);
  return "ack";
}

/** A cancellation needs no slot, and a promised one need not be looked for. */
const goesAhead = (message: RunMessage): boolean =>
  (message.kind === "wake" && message.cancel === true) || slotsOf(message) !== undefined;

/** A run that nobody holds can get in line without a lease; a cancelled one needs no line. */
const isParked = async (deps: RunnerDeps, message: RunMessage, { header }: Standing): Promise<boolean> =>
  (header?.parked === "queued" && header.owner === undefined && header.cancel === undefined) ||
  deps.world.runs.queue(message, birthOf(message));

/** A gate that was held back is open again. */
async function pumpGate(deps: RunnerDeps, message: RunMessage & { kind: "pump" }): Promise<Verdict> {
  await pump(deps.world, handOverOf(deps, message, message.gate));
  return "ack";
}

async function lease(deps: RunnerDeps, message: RunMessage, nonce: string): Promise<Leased | undefined> {
  const { runs } = deps.world;
  const now = deps.clock.now();
  const request = { owner: nonce, by: message.id, now, until: now + LEASE_MS, codeVersion: deps.codeVersion };
  try {
    return await runs.lease(message, request, birthOf(message));
  } catch (error) {
    await runs.abandon(message, nonce).catch(() => {});
    throw error;
  }
}

function birthOf(message: RunMessage): Birth | undefined {
  if (message.kind !== "start") return undefined;
  const eventId = "ref" in message.event ? message.event.ref : message.event.id;
  return { eventId, start: message };
}

/** The outcome goes on the step before the run is woken (L2); what was to bring another one is taken back, as far as it did not end itself. */
async function resolveStep({ world, clock }: RunnerDeps, message: RunMessage & { kind: "resolve" }): Promise<void> {
  const { stepKey: key, outcome, by } = message;
  const resolved = await world.steps.resolve(message, key, { outcome, by, at: clock.now() });
  const step = resolved ?? (await world.steps.get(message, key));
  if (step === undefined) return;
  await world.takeBack(message, step.memo);
  if (by === "replaced" && step.memo.wait?.via === "stepFunctions")
    await world.waits.stop(waitName(message.runId, step.memo));
}

/** The lease was refused: from what is stored, decide what to do with the message. */
async function refused(deps: RunnerDeps, delivery: Delivery, nonce: string): Promise<Verdict> {
  const { message } = delivery;
  const { runs } = deps.world;
  for (;;) {
    const header = await runs.header(message);
    const refusal = onRefusedLease(header, message.id, nonce, deps.clock.now());
    if (refusal.kind === "unknown") return ignore(deps, message);
    if (refusal.kind === "keep") return keepUntil(deps, delivery, refusal.until);
    if (header !== undefined && refusal.kind === "ended") {
      await (header.status === "skipped"
        ? takeBackAdmission(deps, message, header)
        : repeatTail(deps, message, header));
      return "ack";
    }
    if (header !== undefined && refusal.kind === "won") {
      const { fence, wakeSeq: seen, leaseUntil: until = 0, startedAt = deps.clock.now() } = header;
      return hold(deps, {
        ...delivery,
        leased: { header: { ...header, fence: fence - 1 }, fence, seen, until, startedAt, takeover: false },
        looks: [],
      });
    }
    if (refusal.kind === "raise") {
      const raised = await runs.raise(message, refusal.fence, message.id, deps.clock.now());
      if (raised?.guard === message.id) return keepUntil(deps, delivery, raised.leaseUntil ?? deps.clock.now());
      if (raised !== undefined) return "ack";
    }
    const leased = await lease(deps, message, nonce);
    if (leased !== undefined) return hold(deps, { ...delivery, leased, looks: [] });
  }
}

/** A start of a run that has been skipped meanwhile: the lock and the listeners that its admission left are taken back. */
async function takeBackAdmission(deps: RunnerDeps, message: RunMessage, header: RunHeader): Promise<void> {
  if (message.kind !== "start") return;
  const { event } = message;
  const at = "ref" in event ? (event.at ?? timeOf(message.runId)) : undefined;
  const stored = "ref" in event ? await deps.world.events.get(message.env, event.ref, at) : event;
  await releaseSingleton(deps.world, message, message.singleton);
  await endLifetime(deps, { run: message, header, event: stored });
}

function ignore(deps: RunnerDeps, message: RunMessage): Verdict {
  // Cancelled or moved ahead of its start: what starts it will see.
  if (message.kind === "wake" && (message.cancel || message.reserved)) return "ack";
  deps.log.warn("a message is about a run that does not exist (any more)", {
    runId: message.runId,
    messageId: message.id,
  });
  return "ack";
}

/** Not lost: an older deployment, or a roll-back, may know the function; after 50 tries it becomes a dead letter. */
async function unknownFunction(deps: RunnerDeps, { message, receipt }: Delivery): Promise<Verdict> {
  deps.log.error(
    "this app does not serve the function of a run; deploy it again, or let the message become a dead letter",
    {
      functionId: message.functionId,
      runId: message.runId,
    },
  );
  await deps.world.queue.returnAfter(receipt, UNKNOWN_FUNCTION_RETRY_MS);
  return "keep";
}
