import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../sim/faults.ts";
import type { Stage } from "../laws/harness.ts";
import { MINUTE_MS } from "../laws/scenarios.ts";
import { firedBy, openBucket, problemsAtRest, sendAt } from "./buckets.ts";
import { close, writesAmong } from "./stage.ts";

const SECOND_MS = 1_000;
/** Queues delay by whole seconds, rounded up, and a start may be half a second on its way. */
const ROUNDING_MS = 2 * SECOND_MS;

/** Five events by their sender's time, in each order in which they can arrive. */
const orders = permutations([1, 2, 3, 4, 5]);

function permutations(of: readonly number[]): Orders {
  if (of.length <= 1) return [of];
  return of.flatMap((first) => permutations(of.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}

const key = (order: readonly number[]) => order.join("");
const idOf = (order: readonly number[], ts: number) => `${key(order)}-${ts}`;

type Orders = readonly (readonly number[])[];

/** Some orders at once, each under a key of its own: one event of each every so often. Returns when the first ones arrived. */
async function arrive(stage: Stage, orders: Orders, everyMs: number): Promise<number> {
  const firstAt = stage.aws.clock.now();
  for (const place of [0, 1, 2, 3, 4]) {
    await sendAt(
      stage,
      orders.map((order) => ({
        id: idOf(order, order[place] ?? 0),
        ts: firstAt + (order[place] ?? 0),
        data: { key: key(order) },
      })),
    );
    await stage.pass(everyMs);
  }
  return firstAt;
}

const debounce = { periodMs: 30 * SECOND_MS, key: "event.data.key" };

describe("FI-04 a debounce fires with the latest event by the sender's time, and no later than its timeout after the first", {
  timeout: 300_000,
}, () => {
  it("in all 120 orders in which five events can arrive", async () => {
    const stage = await openBucket({ debounce });
    const firstAt = await arrive(stage, orders, 10 * SECOND_MS);
    await stage.pass(10 * MINUTE_MS);
    for (const order of orders) {
      const { event, at } = await firedBy(stage, idOf(order, 5));
      expect(event).toBe(idOf(order, 5));
      expect(at - firstAt).toBeLessThanOrEqual((40 + 30) * SECOND_MS + ROUNDING_MS);
    }
  });

  it("its timeout cuts off what would be put off for longer: each part fires with its latest, in time", async () => {
    const stage = await openBucket({ debounce: { ...debounce, timeoutMs: 50 * SECOND_MS } });
    const some = orders.filter((_, i) => i % 5 === 0);
    const firstAt = await arrive(stage, some, 20 * SECOND_MS);
    await stage.pass(10 * MINUTE_MS);
    for (const order of some) {
      // At 0, 20 and 40 s; and those at 60 and 80 s.
      const [early, late] = [order.slice(0, 3), order.slice(3)];
      const [first, second] = [
        await firedBy(stage, idOf(order, Math.max(...early))),
        await firedBy(stage, idOf(order, Math.max(...late))),
      ];
      expect(first.at - firstAt).toBeLessThanOrEqual(50 * SECOND_MS + ROUNDING_MS);
      expect(second.at - firstAt).toBeLessThanOrEqual((60 + 20 + 30) * SECOND_MS + ROUNDING_MS);
    }
  });

  it("whatever write between the bucket and its timer the router dies after, or gets an error for", async () => {
    const order = [3, 5, 1, 4, 2];
    const play = async (kind?: FaultKind, at = 0) => {
      const stage = await openBucket({ debounce: { periodMs: 30 * SECOND_MS } }, kind && [{ kind, at }]);
      const firstAt = stage.aws.clock.now();
      for (const ts of order) {
        await sendAt(stage, [{ id: `e${ts}`, ts: firstAt + ts }]);
        await stage.pass(10 * SECOND_MS);
      }
      await stage.pass(30 * MINUTE_MS);
      return stage;
    };
    const calm = await play();
    const calls = [...calm.faults.calls];
    await close(calm);
    for (const at of writesAmong(calls).filter((at) => /bucket#|flush|PutItem run#/.test(calls[at - 1] ?? "")))
      for (const kind of ["crashAfter", "failAfter"] as const) {
        const stage = await play(kind, at);
        const problems = await problemsAtRest(
          stage,
          order.map((ts) => `e${ts}`),
        );
        expect({ at: calls[at - 1], kind, problems }).toMatchObject({ problems: [] });
        const { event } = await firedBy(stage, "e5");
        expect({ at: calls[at - 1], kind, event }).toMatchObject({ event: "e5" });
        await close(stage);
      }
  });
});
