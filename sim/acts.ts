import type { Act } from "./contract.ts";
import type { Stage } from "./stage.ts";
import type { Trace } from "./trace.ts";

const HOUR_MS = 3_600_000;

/** Plays the acts at their times, and an hour more. Returns which runs were cancelled before they had ended, and when. */
export async function live(stage: Stage, acts: readonly Act[], trace: Trace): Promise<ReadonlyMap<string, number>> {
  const { clock } = stage.aws;
  const origin = clock.now();
  const cancelled = new Map<string, number>();
  const deploys: Promise<void>[] = [];
  for (const act of acts) {
    await stage.pass(Math.max(0, origin + act.at - clock.now()));
    trace.world(actName(act));
    if (act.kind === "deploy") deploys.push(stage.deploy());
    else if (act.kind === "cancel") await cancel(stage, act, cancelled);
    else {
      const { ts, ...event } = act.event;
      await stage.cloud.send({ ...event, ...(ts !== undefined && { ts: origin + ts }) });
    }
  }
  await stage.pass(HOUR_MS);
  await Promise.all(deploys);
  return cancelled;
}

export function actName(act: Act): string {
  if (act.kind === "deploy") return "deploy the next version";
  if (act.kind === "send") return `send ${act.event.name} ${act.event.id}`;
  return `cancel what ${act.eventId} has started${act.functionId === undefined ? "" : ` of ${act.functionId}`}`;
}

async function cancel({ cloud, doors, aws }: Stage, act: Act & { kind: "cancel" }, cancelled: Map<string, number>) {
  for (const run of await cloud.runsOf(act.eventId)) {
    if (act.functionId !== undefined && run.functionId !== act.functionId) continue;
    if (run.endedAt !== undefined || run.status === "skipped" || cancelled.has(run.id)) continue;
    cancelled.set(run.id, aws.clock.now());
    await doors.api.cancel({ env: "main", app: run.app, runId: run.id, functionId: run.functionId });
  }
}
