import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DAY, HOUR, MINUTE, openCloud } from "../cloud.ts";
import { controlled, fateOf, outputsOf, sendNumber } from "./bucket-functions.ts";

type Options = Parameters<typeof controlled>[1];

let dataDir = "";
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stepwell-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Sends the events 1 and 2 to a function, stops the cloud, and goes on with other options on the same data. */
async function redeploy(before: Options, after: Options) {
  const old = await openCloud([controlled("bill", before)], { dataDir });
  for (const n of [1, 2]) await sendNumber(old, "bill", n);
  await old.close();
  return openCloud([controlled("bill", after)], { dataDir });
}

const both = { event: 1, events: [1, 2] };

it.each([
  ["of minutes", 5 * MINUTE],
  ["of hours, kept by a schedule", 5 * HOUR],
])("a batch %s survives a restart", async (_, timeout) => {
  const options = { batchEvents: { maxSize: 3, timeout } };
  const cloud = await redeploy(options, options);
  await cloud.passTime(timeout - MINUTE);
  expect(await outputsOf(cloud, "bill")).toEqual([]);
  await cloud.passTime(2 * MINUTE);
  expect(await outputsOf(cloud, "bill")).toEqual([both]);
});

it("a debounce survives a restart, and is put off by an event after it", async () => {
  const options = { debounce: { period: HOUR } };
  const cloud = await redeploy(options, options);
  await cloud.passTime(50 * MINUTE);
  await sendNumber(cloud, "bill", 3);
  await cloud.passTime(50 * MINUTE);
  expect(await outputsOf(cloud, "bill")).toEqual([]);
  await cloud.passTime(HOUR);
  expect(await outputsOf(cloud, "bill")).toEqual([{ event: 3, events: [3] }]);
});

it("a batch that a deploy has made smaller closes at its next event, which goes into the next one", async () => {
  const cloud = await redeploy(
    { batchEvents: { maxSize: 10, timeout: DAY } },
    { batchEvents: { maxSize: 2, timeout: DAY } },
  );
  await sendNumber(cloud, "bill", 3);
  expect(await outputsOf(cloud, "bill")).toEqual([both]);
  expect(await fateOf(cloud, 3)).toMatchObject({ status: "queued", eventIds: ["e3"] });
});

it("a batch whose function has no such option any more still runs as it was meant", async () => {
  const cloud = await redeploy({ batchEvents: { maxSize: 10, timeout: HOUR } }, {});
  await sendNumber(cloud, "bill", 3);
  expect(await outputsOf(cloud, "bill")).toEqual([{ event: 3, events: [3] }]);
  await cloud.passTime(2 * HOUR);
  expect(await outputsOf(cloud, "bill")).toEqual([{ event: 3, events: [3] }, both]);
});

it("an event that has had a run of its own is not taken into a batch when it comes again after a deploy", async () => {
  const cloud = await redeploy({}, { batchEvents: { maxSize: 2, timeout: MINUTE } });
  for (const n of [1, 2]) await sendNumber(cloud, "bill", n);
  await cloud.passTime(HOUR);
  expect(await outputsOf(cloud, "bill")).toEqual([1, 2].map((n) => ({ event: n, events: [n] })));
});

it("a batch of a function that is gone waits for it, and runs when it is back", async () => {
  const options = { batchEvents: { maxSize: 10, timeout: MINUTE } };
  const old = await openCloud([controlled("bill", options)], { dataDir });
  for (const n of [1, 2]) await sendNumber(old, "bill", n);
  await old.close();
  const without = await openCloud([controlled("other", {})], { dataDir });
  await without.passTime(10 * MINUTE);
  expect(await without.deadLetters()).toEqual([]);
  await without.close();
  const cloud = await openCloud([controlled("bill", options)], { dataDir });
  await cloud.passTime(10 * MINUTE);
  expect(await outputsOf(cloud, "bill")).toEqual([both]);
});
