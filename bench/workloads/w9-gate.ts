import { openEngine } from "../engine.ts";
import { GateContest } from "../gate-contest.ts";
import { type Figure, unshared, type Workload } from "../workload.ts";

const LIMIT = 50;
const RUNNERS = 64;
const PAIRS = 500;
/** One key that more runners want than there are slots: each takes a slot and gives it up, again and again. */
export const w9: Workload = {
  name: "W9",
  title: `${RUNNERS} runners, ${LIMIT} slots`,
  open: async () =>
    unshared(async () => [
      ...(await contest("given up at once", async () => {})),
      ...(await contest("kept until it is wanted", (gate) => gate.untilWanted())),
    ]),
};

async function contest(name: string, meanwhile: (gate: GateContest) => Promise<void>): Promise<readonly Figure[]> {
  const engine = await openEngine();
  try {
    const gate = new GateContest(engine, LIMIT);
    const usedMeanwhile = engine.meter();
    const start = performance.now();
    let left = PAIRS;
    const runner = async () => {
      while (left-- > 0) await gate.pass(() => meanwhile(gate));
      gate.want();
    };
    await Promise.all(Array.from({ length: RUNNERS }, runner));
    const seconds = (performance.now() - start) / 1_000;
    const { calls, writeUnits, readUnits, refused } = usedMeanwhile();
    const leftPromised = await gate.leftPromised();
    const { most, overfull, queued, overtaken, surplus } = gate.tally;
    const each = (total: number) => total / PAIRS;
    return [
      { name: `${name}: taken and given up`, unit: "pairs/s", value: PAIRS / seconds },
      { name: "… DynamoDB calls", unit: "calls", value: each(Object.values(calls).reduce((sum, n) => sum + n, 0)) },
      { name: "… write units", unit: "units", value: each(writeUnits) },
      { name: "… read units", unit: "units", value: each(readUnits) },
      { name: "… writes refused", unit: "calls", value: each(refused) },
      { name: "… had to get in line", unit: "times", value: each(queued) },
      { name: "… turns that nobody needed", unit: "times", value: each(surplus) },
      { name: "most at a time", unit: "holders", value: most, aim: { atMost: LIMIT } },
      { name: "shards seen overfull", unit: "times", value: overfull, aim: { atMost: 0 } },
      { name: "slots kept for nobody at the end", unit: "slots", value: leftPromised, aim: { atMost: 0 } },
      { name: "let in while one waited, at the most", unit: "runs", value: overtaken },
    ];
  } finally {
    await engine.close();
  }
}
