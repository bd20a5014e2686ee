/** Saga with compensation: each step that succeeds says how it is undone; when a later one fails for good, all are undone, the last one first. */
import { NonRetriableError } from "stepwell";
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const bookings = new Outside();
const undone: string[] = [];

const book = (tripId: string, what: string) => bookings.do(`${tripId}/${what}`, what);
const cancel = (tripId: string, what: string) => {
  bookings.undo(`${tripId}/${what}`);
  undone.push(what);
};

const trip = stepwell.createFunction({ id: "trip", retries: 1 }, { event: "trip/ordered" }, async ({ event, step }) => {
  const { tripId, parts } = event.data as { tripId: string; parts: string[] };
  const compensations: (() => Promise<unknown>)[] = [];
  try {
    for (const part of parts) {
      compensations.unshift(() => step.run(`cancel-${part}`, () => cancel(tripId, part)));
      await step.run(`book-${part}`, () => {
        if (part === "moon hotel") throw new NonRetriableError("there is no hotel on the moon");
        return book(tripId, part);
      });
    }
    return { booked: parts };
  } catch (error) {
    for (const compensate of compensations) await compensate();
    return { booked: [], why: (error as Error).message };
  }
});

const ordered = (...parts: string[]) => [{ name: "trip/ordered", data: { tripId: "t1", parts } }];
const t = new TestEngine({ function: trip, events: ordered("flight", "car", "hotel") });
const doomed = t.clone({ events: ordered("flight", "car", "moon hotel") });
const effects = {
  reset: () => {
    bookings.clear();
    undone.length = 0;
  },
  effects: () => bookings.list(),
};

describe("saga with compensation", () => {
  beforeEach(effects.reset);

  it("books all parts", async () => {
    const { result } = await t.execute();
    expect(result).toEqual({ booked: ["flight", "car", "hotel"] });
    expect(bookings.list()).toHaveLength(3);
  });

  it("undoes them, the last one first, when one fails for good", async () => {
    const { result } = await doomed.execute();
    expect(result).toEqual({ booked: [], why: "there is no hotel on the moon" });
    expect(bookings.list()).toEqual([]);
    expect(undone).toEqual(["moon hotel", "car", "flight"]);
  });

  it("comes out the same after a crash at every step, also while it undoes", async () => {
    expect((await t.survivesCrashes(effects)).points).toHaveLength(3 * 2);
    const { points } = await doomed.survivesCrashes(effects);
    expect(points.map(({ stepId }) => stepId)).toEqual([
      "book-flight",
      "book-flight",
      "book-car",
      "book-car",
      "book-moon hotel",
      "cancel-moon hotel",
      "cancel-moon hotel",
      "cancel-car",
      "cancel-car",
      "cancel-flight",
      "cancel-flight",
    ]);
  });
});
