import { Arrivals } from "../arrivals.ts";
import { pause } from "../cloud.ts";
import { type Engine, openEngine, sourceClient, type Used } from "../engine.ts";
import { seedLine } from "../seed-line.ts";
import { type Figure, unshared, type Workload } from "../workload.ts";

const LIMIT = 10;
const EVENT = "bench/w10";
const [SHALLOW, MIDDLE, DEEP] = [30, 300, 10_000];
/** So many of the deep line are let in: the others behind them are what makes it deep. */
const RUNS = 500;
/** The last hand-overs end in so many ms after their runs have begun. */
const QUIET_MS = 500;

/** Tells a run's place in line; of those that hold all slots while the line is made: -1. */
const begun = new Arrivals<number>();
/** What runs wait for that do not give up their slot: those before the line, and those from this place on. */
let stop = { at: 0, ...Promise.withResolvers<void>() };

const queued = sourceClient.createFunction({ id: "queued", concurrency: LIMIT }, { event: EVENT }, async (input) => {
  const { n } = input.event.data as { n: number };
  begun.report(n);
  await input.step.run("work", () => n);
  if (n < 0 || n >= stop.at) await stop.promise;
});

interface Drained {
  readonly used: Used;
  readonly seconds: number;
  /** How many places a run was from its own, at the most, when it began. */
  readonly outOfPlace: number;
}

/** A line that was there before: who leaves lets the next in, and nobody else does, since there is no sweeper. */
export const w10: Workload = {
  name: "W10",
  title: `a line of ${DEEP} before ${LIMIT} slots`,
  open: async () =>
    unshared(async () => {
      const shallow = await drain(SHALLOW, SHALLOW);
      const middle = await drain(MIDDLE, MIDDLE);
      const deep = await drain(DEEP, RUNS);
      return [
        { name: `throughput of the first ${RUNS}`, unit: "runs/s", value: RUNS / deep.seconds },
        { name: "furthest out of place", unit: "places", value: deep.outOfPlace, aim: { atMost: LIMIT } },
        ...costs(`${SHALLOW} in line`, shallow, SHALLOW),
        ...costs(`${MIDDLE} in line`, middle, MIDDLE),
        ...costs(`${DEEP} in line`, deep, RUNS),
        {
          name: "… against 30",
          unit: "times",
          value: callsOf(deep, RUNS) / callsOf(shallow, SHALLOW),
          aim: { atMost: 1.1 },
        },
      ];
    }),
};

const callsOf = ({ used }: Drained, runs: number): number =>
  Object.values(used.calls).reduce((sum, count) => sum + count, 0) / runs;

const costs = (name: string, drained: Drained, runs: number): readonly Figure[] => [
  { name: `${name}: calls for a run`, unit: "calls", value: callsOf(drained, runs) },
  { name: "… write units", unit: "units", value: drained.used.writeUnits / runs },
  { name: "… writes refused", unit: "calls", value: drained.used.refused / runs },
];

/**
 * Has so many of a line let in. All slots are held before and after, so that what is metered are whole runs: as many ends as begins.
 */
async function drain(depth: number, runs: number): Promise<Drained> {
  const full = { at: runs - LIMIT, ...Promise.withResolvers<void>() };
  const engine = await openEngine([queued]);
  try {
    const before = { at: 0, ...Promise.withResolvers<void>() };
    stop = before;
    await fill(engine);
    await begun.take(LIMIT);
    await seedLine(engine, queued.id, depth);
    const usedMeanwhile = engine.meter();
    stop = full;
    const start = performance.now();
    before.resolve();
    const order = await begun.take(runs);
    const seconds = (performance.now() - start) / 1_000;
    await pause(QUIET_MS);
    const outOfPlace = Math.max(...order.map((n, i) => Math.abs(n - i)));
    return { used: usedMeanwhile(), seconds, outOfPlace };
  } finally {
    full.resolve();
    await engine.close();
  }
}

async function fill({ world, binding: { env } }: Engine): Promise<void> {
  const ids = Array.from({ length: LIMIT }, (_, i) => `first-${i}`);
  const envelope = { v: 1, ts: Date.now(), env, data: { n: -1 }, trace: { hops: 0 } } as const;
  await world.bus.send(
    sourceClient.id,
    ids.map((id) => ({ name: EVENT, envelope: { ...envelope, id } })),
  );
}
