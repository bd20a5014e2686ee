import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createUlids } from "../../sdk/client/index.ts";

test("an id is 26 characters that begin with its time", () => {
  const ulid = createUlids({ now: () => 1_469_918_176_385, random: (bytes) => new Uint8Array(bytes) });
  expect(ulid()).toBe("01ARYZ6S410000000000000000");
});

test("ids only grow, whatever the clock and the randomness do", () => {
  const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.constantFrom(5, 6, Number.NaN)), {
    minLength: 1,
  });
  const chance = fc.func(fc.uint8Array({ minLength: 10, maxLength: 10 }));
  fc.assert(
    fc.property(times, chance, (clock, random) => {
      let reads = 0;
      const ulid = createUlids({ now: () => clock[reads++ % clock.length] || 0, random });
      const ids = Array.from({ length: clock.length * 2 }, ulid);
      expect(ids.every((id) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id))).toBe(true);
      expect([...new Set(ids)].toSorted()).toEqual(ids);
    }),
  );
});

test("carries over when the randomness of a millisecond is used up", () => {
  const ulid = createUlids({ now: () => 1, random: (bytes) => new Uint8Array(bytes).fill(255) });
  expect([ulid(), ulid()]).toEqual(["0000000001ZZZZZZZZZZZZZZZZ", "00000000020000000000000000"]);
});

test("two sources do not meet", () => {
  const [one, two] = [0, 0].map(() => createUlids({ now: () => 1, random: randomBytes }));
  expect(one?.()).not.toBe(two?.());
});
