import { randomUUID } from "node:crypto";
import type { Place, Target, World } from "./target.ts";

const LOOK_EVERY_MS = 250;

export interface OpenWorld {
  readonly world: World;
  close(): Promise<void>;
}

export async function openWorld(target: Target): Promise<OpenWorld> {
  const place = await target.start();
  const removals: (() => Promise<unknown>)[] = [];
  const made = new Map<string, Promise<unknown>>();
  const prefix = `stepwell-contract-${randomUUID().slice(0, 8)}`;
  let names = 0;
  const world: World = {
    ...place,
    unique: (what) => `${prefix}-${what}-${++names}`,
    eventually: (look) => poll(place, target.patienceSeconds * 1_000, look),
    once: <T>(what: string, make: () => Promise<T>) => {
      const known = made.get(what) ?? make();
      made.set(what, known);
      return known as Promise<T>;
    },
    atEnd: (remove) => void removals.push(remove),
  };
  return { world, close: () => close(place, removals) };
}

async function poll<T>(place: Place, patienceMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = place.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (place.now() >= end) throw new Error(`Nothing was to be seen within ${patienceMs} ms.`);
    await place.pass(LOOK_EVERY_MS);
  }
}

/** One thing that cannot be removed keeps no other from being so. */
async function close(place: Place, removals: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const remove of place.disposable ? [] : removals.toReversed())
    await remove().catch((error: unknown) => failed.push(error));
  await place.stop();
  if (failed.length > 0) throw new AggregateError(failed, "Not everything that the tests made could be removed.");
}
