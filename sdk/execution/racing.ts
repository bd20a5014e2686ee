import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../protocol/index.ts";

/** Steps of which the first ones decide: aborted once that has happened, and then every other step of the race has lost. */
export type Race = AbortSignal;

const races = new AsyncLocalStorage<Race>();

/** The race that the code runs in, if any. */
export const raceAround = (): Race | undefined => races.getStore();

/** Runs code whose steps are in a race, which is decided when the code has settled; one inside another has lost with it. */
export async function race<T>(body: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const around = raceAround();
  const own = around === undefined ? controller.signal : AbortSignal.any([around, controller.signal]);
  try {
    return await races.run(own, body);
  } finally {
    controller.abort(new StepwellError("STEPWELL_RACE_LOST", RACE_LOST));
  }
}

export const RACE_LOST = "The step's race was decided before it had ended.";
