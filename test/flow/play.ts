import type { RunSummary } from "../../sdk/protocol/index.ts";
import { optionsOf } from "../../sim/workloads/flow/options.ts";
import { type Arrival, GO, type Outcome, type Rules } from "../../sim/workloads/flow/rules.ts";
import { openStage, type Scenario } from "../laws/harness.ts";

/** What the handler has seen of a run. */
interface Seen {
  readonly events: readonly string[];
  readonly bodies: (readonly [number, number])[];
}

/** Long enough for whatever a run still does after the last arrival. */
const REST_MS = 3_600_000;

/** Plays arrivals on a local cloud, one after the other, and tells what became of them. Times count from the start. */
export async function play(rules: Rules, arrivals: readonly Arrival[]): Promise<readonly Outcome[]> {
  const seen = new Map<string, Seen>();
  const stage = await openStage({ name: "flow", functions: working(rules, seen) });
  try {
    const origin = stage.aws.clock.now();
    for (const { id, name, at, ts, data } of arrivals) {
      await stage.pass(origin + at - stage.aws.clock.now());
      await stage.cloud.send({ id, name, ts: origin + ts, data });
    }
    await stage.pass(REST_MS);
    const runs = await stage.cloud.runs({ limit: 1_000 });
    return runs.map((run) => outcomeOf(run, seen.get(run.id), origin));
  } finally {
    await stage.cloud.close();
  }
}

/** A function that works, sleeps, works, … for so long as the event says, and notes when. */
const working =
  (rules: Rules, seen: Map<string, Seen>): Scenario["functions"] =>
  ({ client, slow }) => [
    client.createFunction(
      { id: "limited", ...optionsOf(rules) },
      { event: GO },
      async ({ event, events, runId, step }) => {
        const note = seen.get(runId) ?? { events: events.map(({ id }) => id ?? ""), bodies: [] };
        seen.set(runId, note);
        const parts = event.data.parts as readonly number[];
        for (const [i, ms] of parts.entries()) {
          if (i % 2 === 1) await step.sleep(`rest-${i}`, ms);
          else
            await step.run(`work-${i}`, async () => {
              const began = Date.now();
              await slow(ms);
              note.bodies.push([began, Date.now()]);
            });
        }
      },
    ),
  ];

function outcomeOf(run: RunSummary, seen: Seen | undefined, origin: number): Outcome {
  const isSkipped = run.status === "skipped";
  return {
    events: seen?.events ?? run.eventIds,
    status: run.status as Outcome["status"],
    ...(run.skipped && { reason: run.skipped.reason }),
    ...(!isSkipped && run.endedAt !== undefined && { endedAt: run.endedAt - origin }),
    bodies: (seen?.bodies ?? []).map(([from, to]) => [from - origin, to - origin]),
  };
}
