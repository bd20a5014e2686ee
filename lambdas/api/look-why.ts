/** What has to be read to tell why a run is not executing. */
import { toUserEvent } from "../../sdk/execution/user-event.ts";
import type { RegisteredApp, SlotHolder, StepMemo, WaitingFor, WaitingForSlot } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import { registeredFlow, registeredLimit } from "../aws/registry-hand-over.ts";
import { keyOf, labelOf } from "../engine/flow-keys.ts";
import { timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";
import { waitingForSlot, waitingForSteps } from "./waiting-for.ts";

/** Undefined: the run is executing, is about to, or has ended. */
export async function lookWhy(
  world: World,
  header: RunHeader,
  memo: ReadonlyMap<string, StepMemo>,
  now: number,
): Promise<WaitingFor | undefined> {
  const { status, owner, cancel, parked } = header;
  if (status !== "active" || owner !== undefined || cancel !== undefined) return undefined;
  if (parked !== "queued") return waitingForSteps(header, memo.values(), now);
  const apps = await world.registry.apps(header.env);
  return (await lookAtLines(world, header, apps, now)) ?? (await lookAtThrottle(world, header, apps, now));
}

/** The gate before which a run stands in line: of its limits it is one at most. */
async function lookAtLines(
  world: World,
  header: RunHeader,
  apps: readonly RegisteredApp[],
  now: number,
): Promise<WaitingForSlot | undefined> {
  const { gates = [], order = "" } = header;
  for (const gate of gates) {
    const limit = registeredLimit(apps, { ...header, gate });
    const ahead = await world.lines.ahead(header, gate, order);
    if (limit === undefined || ahead === undefined) continue;
    const reason = waitingForSlot({ gate, limit, ahead, state: await world.gates.read(header, gate) }, now);
    return {
      ...reason,
      holders: await Promise.all(reason.holders.map((one) => named(world, header, gate, apps, one))),
    };
  }
  return undefined;
}

/** Slots have the ids of runs alone. Whose they are is told by the limit's scope, or by the headers of runs of the environment. */
async function named(
  world: World,
  { env, app, functionId }: RunHeader,
  { scope }: { readonly scope: WaitingForSlot["scope"] },
  apps: readonly RegisteredApp[],
  holder: SlotHolder,
): Promise<SlotHolder> {
  if (scope === "fn") return { ...holder, app, functionId };
  const others = apps.map(({ manifest }) => manifest.app).filter((name) => name !== app);
  for (const name of [app, ...others]) {
    const found = await world.runs.header({ env, app: name, runId: holder.runId });
    if (found !== undefined) return { ...holder, app: name, functionId: found.functionId };
  }
  return holder;
}

async function lookAtThrottle(
  world: World,
  header: RunHeader,
  apps: readonly RegisteredApp[],
  now: number,
): Promise<WaitingFor | undefined> {
  const { reserved, startedAt, env, eventId, eventAt = timeOf(header.runId) } = header;
  if (reserved === undefined || startedAt !== undefined) return undefined;
  const { startsAt = now } = (await world.places.get(header, reserved)) ?? {};
  if (startsAt <= now) return undefined;
  const throttle = registeredFlow(apps, header)?.throttle;
  if (throttle === undefined) return { kind: "throttle", startsAt };
  const { limit, periodMs, key: expression } = throttle;
  const event = expression === undefined ? undefined : await world.events.get(env, eventId, eventAt);
  const key = event && keyOf(expression, toUserEvent(event, await world.payloads.load(event.data)));
  const text = key?.on ? key.text : undefined;
  return { kind: "throttle", ...(text !== undefined && { key: labelOf(text) }), limit, periodMs, startsAt };
}
