import type { Item } from "../laws/audit.ts";

/** The table's items of flow control. */
const layout = {
  isSlots: ({ pk, sk }: Item) => pk.includes("#slots#") && sk.startsWith("shard#"),
  isLine: ({ pk }: Item) => pk.includes("#backlog#"),
  isBucket: ({ pk, sk }: Item) => pk.includes("#bucket#") && sk.startsWith("generation#"),
  isLock: ({ pk, sk }: Item) => pk.includes("#lock#") && sk === "singleton",
};

type Places = Readonly<Record<string, { readonly until: number }>>;

/**
 * Nothing is held, queued, promised or collected any more. Slots and promises that a process has left behind when it died may stay until
 * their time is over.
 *
 * @param now nothing is later; undefined: nothing went wrong, nothing may be left at all
 */
export const restProblems = (items: readonly Item[], now: number | undefined): readonly string[] => [
  ...items
    .filter(layout.isSlots)
    .flatMap((item) => [
      ...left(item.holders as Places, now).map((runId) => `${runId} holds a slot of ${item.pk} (L5)`),
      ...left(item.promised as Places, now).map((runId) => `${runId} is promised a slot of ${item.pk} (L5)`),
    ]),
  ...items.filter(layout.isLine).map(({ pk, sk }) => `${sk} is left in ${pk} (L3)`),
  ...items
    .filter((item) => layout.isBucket(item) && item.closedAt === undefined)
    .map(({ pk, sk }) => `the bucket ${pk} ${sk} is open (L3)`),
  ...items.filter(layout.isLock).map(({ pk, runId }) => `${runId} has left the singleton ${pk} locked (L6)`),
];

const left = (places: Places, now = Number.NEGATIVE_INFINITY): readonly string[] =>
  Object.keys(places).filter((runId) => (places[runId]?.until ?? 0) > now);
