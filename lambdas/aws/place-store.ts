import { type RunAddress, SQS_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { type Place, type PlaceArrival, placeBehind } from "../engine/throttle.ts";
import { placeNameIn, placeSortKey, placesPartition } from "./keys.ts";
import { oneByOne } from "./one-by-one.ts";
import { type Item, type Key, type Table, toTtl } from "./table.ts";

/** Whose throttle. */
export type PlacesOf = Omit<RunAddress, "runId">;

/** A place as it is stored: `name` is `<hash of the key>#<number>`. */
export interface StoredPlace extends Place {
  readonly name: string;
  /** From 1, in the order of the queue. */
  readonly number: number;
}

/** Digits of a place's number in its name. */
const NUMBER_DIGITS = 12;
/** The runs that came last are read with the queue's end, so that a redelivery finds its own place: some 3 KB, which are one read unit. */
const RECENT = 10;
const LAST_NUMBER = 10 ** NUMBER_DIGITS - 1;

/** What is known of a run that is not among the last: the name of its place, or that it was started at once. */
export type Recalled = { readonly place: string } | "atOnce" | undefined;

/** The queues of throttles: a place for each run that is let through, added by one conditional write, and kept as long as messages are. */
export const createPlaceStore = (table: Table) => {
  const inTurn = oneByOne();

  const read = async (
    of: PlacesOf,
    key: string,
    [from, to]: readonly [number, number],
    limit: number,
    order: "up" | "down",
  ) => {
    const range = [sortKey(key, from), sortKey(key, to)] as const;
    return (await table.between(placesPartition(of), range, limit, order)).map(toPlace);
  };

  const get = async (of: PlacesOf, name: string): Promise<StoredPlace | undefined> => {
    const item = await table.get({ pk: placesPartition(of), sk: placeSortKey(name) });
    return item && toPlace(item);
  };

  const recallPlace = async (
    of: PlacesOf,
    recall: () => Promise<Recalled>,
  ): Promise<StoredPlace | "atOnce" | undefined> => {
    const recalled = await recall();
    return typeof recalled === "object" ? ((await get(of, recalled.place)) ?? "atOnce") : recalled;
  };

  return {
    get,

    /**
     * The place that a run has already, or gets at the end of its key's queue. Decided from what is stored, never from a write's answer.
     *
     * @param recall tells what is known of a run that is not among the last ones: of a redelivery that comes late
     */
    reserve: (of: PlacesOf, key: string, arrival: PlaceArrival, now: number, recall: () => Promise<Recalled>) =>
      inTurn(`${placesPartition(of)} ${key}`, async (): Promise<StoredPlace | "atOnce"> => {
        for (let known: StoredPlace | "atOnce" | undefined; ; ) {
          const recent = await read(of, key, [0, LAST_NUMBER], RECENT, "down");
          known ??= recent.find(({ runId }) => runId === arrival.runId);
          if (recent.length === RECENT) known ??= await recallPlace(of, recall);
          if (known !== undefined) return known;
          const [last] = recent;
          const number = (last?.number ?? 0) + 1;
          const place = placeBehind(last, arrival, now);
          const stored = { ...place, number, name: nameOf(key, number) };
          if (await table.put(toItem(of, stored), "attribute_not_exists(pk)")) return stored;
        }
      }),

    /** A place as it is now, and the one before it. */
    withBefore: async (of: PlacesOf, { name, number }: StoredPlace) => {
      const [place, before] = await read(of, keyIn(name), [number - 1, number], 2, "down");
      return place?.number === number ? { place, before } : undefined;
    },

    /** Moves a place that is as it was seen. False: another was faster, look again. */
    move: (of: PlacesOf, seen: StoredPlace, place: Place): Promise<boolean> =>
      table.put(toItem(of, { ...place, name: seen.name, number: seen.number }), "#rev = :seen", { seen: seen.rev }),

    /** The hash of the next key that has places, going down from `key`. */
    async keyBelow(of: PlacesOf, key: string | undefined): Promise<string | undefined> {
      const range = [placeSortKey(""), placeSortKey(key === undefined ? "~" : `${key}#`)] as const;
      const [item] = await table.between(placesPartition(of), range, 1, "down");
      return item && keyIn(toPlace(item).name);
    },

    /** Up to `limit` places of a key in the order of its queue, from a number on. */
    from: (of: PlacesOf, key: string, number: number, limit: number) =>
      read(of, key, [number, LAST_NUMBER], limit, "up"),

    /** Up to `limit` places of a key down from a number: the last one first. */
    downFrom: (of: PlacesOf, key: string, number: number | undefined, limit: number) =>
      read(of, key, [0, number ?? LAST_NUMBER], limit, "down"),
  };
};

export type PlaceStore = ReturnType<typeof createPlaceStore>;

const nameOf = (key: string, number: number): string => `${key}#${String(number).padStart(NUMBER_DIGITS, "0")}`;
const sortKey = (key: string, number: number): string => placeSortKey(nameOf(key, number));
/** The hash of the key in a place's name. */
export const keyIn = (name: string): string => name.slice(0, name.lastIndexOf("#"));

function toItem(of: PlacesOf, { name, number: _, pace, tat, ...place }: StoredPlace): Key & Item {
  const ttl = toTtl(Math.max(tat.ms, place.startsAt) + SQS_RETENTION_MS);
  return { pk: placesPartition(of), sk: placeSortKey(name), v: 1, ...place, ...tat, ...pace, ttl };
}

function toPlace({ pk, sk, v, ttl, ms, part, of, limit, periodMs, capacity, ...rest }: Item): StoredPlace {
  const name = placeNameIn(sk as string);
  const number = Number(name.slice(name.lastIndexOf("#") + 1));
  return { ...rest, name, number, tat: { ms, part, of }, pace: { limit, periodMs, capacity } } as StoredPlace;
}
