/** Functions under debounce and batch, and what has become of their events. */
import { expect } from "vitest";
import type { FlowManifest } from "../../sdk/protocol/index.ts";
import type { Fault } from "../../sim/faults.ts";
import { audit } from "../laws/audit.ts";
import { START, type Stage } from "../laws/harness.ts";
import { one, withFlow } from "../laws/scenarios.ts";
import { itemsOf, open } from "./stage.ts";

/** A run as its function has seen it. */
export interface Fired {
  readonly event: string;
  readonly events: readonly string[];
  /** When it began, in ms since the epoch. */
  readonly at: number;
}

/** A stage with one function under these options. */
export const openBucket = (flow: FlowManifest, faults: readonly Fault[] = []): Promise<Stage> =>
  open(
    {
      functions: withFlow(
        flow,
        one(async ({ event, events }) => ({ event: event.id, events: events.map(({ id }) => id), at: Date.now() })),
      ),
    },
    faults,
  );

/** Sends events with a sender's time each, in milliseconds after the start of the test. */
export const sendAt = (stage: Stage, events: readonly { id: string; ts: number; data?: object }[]) =>
  stage.cloud.send(events.map((event) => ({ data: {}, ...event, name: START })));

/** What the one run of an event was given. */
export async function firedBy({ cloud }: Stage, eventId: string): Promise<Fired> {
  const runs = (await cloud.runsOf(eventId)).filter(({ status }) => status !== "skipped");
  expect(runs.length, `runs of the event ${eventId}`).toBe(1);
  return runs[0]?.output as Fired;
}

/** What is wrong at rest: the laws, events that are not in exactly one run, and buckets that nobody will close. */
export async function problemsAtRest(stage: Stage, eventIds: readonly string[]): Promise<readonly string[]> {
  const { problems } = await audit(stage);
  const items = await itemsOf(stage);
  const isOpen = items.filter(({ sk, closedAt }) => sk.startsWith("generation#") && closedAt === undefined);
  const fates = await Promise.all(eventIds.map((id) => stage.cloud.runsOf(id)));
  return [
    ...problems,
    ...isOpen.map(({ pk, sk }) => `${pk} ${sk} is open at rest`),
    ...fates.flatMap((runs, i) =>
      runs.length === 1 ? [] : [`the event ${eventIds[i]} is in ${runs.length} runs, not in one`],
    ),
  ];
}
