import type { Stage } from "./stage.ts";
import type { Trace } from "./trace.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Longer than anything in a story waits, and than messages take that come again a day later, with those that they entail. */
const REST_MS = 20 * DAY_MS;
const ROUNDS_MAX = 4;
const SWEEPS_MAX = 20;

/** Lets time pass until nothing is left to happen. The sweeper comes in between: whom it had to wake is in `stage.swept`. */
export async function comeToRest(stage: Stage, trace: Trace): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = stage.swept.length;
    await sweepAll(stage, trace);
    if (round > 0 && stage.swept.length === before) return;
    await stage.pass(REST_MS);
  }
}

/** Each wake may bring the next one to light, an index may lag behind by a look, and a sweep that fails is followed by the next. */
async function sweepAll(stage: Stage, trace: Trace): Promise<void> {
  for (let sweep = 0, inVain = 0; sweep < SWEEPS_MAX && inVain < 2; sweep++) {
    const before = stage.swept.length;
    const isSwept = await stage.doors.sweep().then(
      () => true,
      () => false,
    );
    for (const runId of stage.swept.slice(before)) trace.world(`the sweeper gets run#${runId} going`);
    inVain = isSwept && stage.swept.length === before ? inVain + 1 : 0;
    await stage.pass(5 * MINUTE_MS);
  }
}
