import { fork } from "node:child_process";
import { expect, it } from "vitest";
import type { Report, Task } from "../../sim/task.ts";
import { taskOf } from "../../sim/task.ts";
import { playSeed } from "./play.ts";

/** One of them has a storm, one has payloads in S3 and clocks that are off, one has messages and timers that are late, early and doubled. */
const SEEDS = [2, 18, 31];

it("the same seed makes the same calls with the same answers, in the same order, in this process and in another", async () => {
  const [here, again, elsewhere] = [await hashes(), await hashes(), await Promise.all(SEEDS.map(playElsewhere))];
  expect(again).toEqual(here);
  expect(elsewhere).toEqual(here);
  expect(new Set(here).size).toBe(SEEDS.length);
}, 120_000);

it("a machine that is so busy that a process stands still for a second now and then changes nothing", async () => {
  const calm = await hashes();
  // A virtual clock takes an invocation for hung after a second without a sign of life.
  const stop = standStill(1_100, 3);
  const busy = await hashes();
  stop();
  expect(busy).toEqual(calm);
}, 120_000);

it("another order of calls is another story", async () => {
  const drawn = await playSeed(11);
  const asTheyCome = await playSeed(11, (plan) => ({ ...plan, order: "as they come" }));
  expect(asTheyCome.hash).not.toBe(drawn.hash);
  expect(asTheyCome.findings).toEqual([]);
}, 60_000);

const hashes = async () => {
  const all: string[] = [];
  for (const seed of SEEDS) all.push((await playSeed(seed)).hash);
  return all;
};

function playElsewhere(seed: number): Promise<string> {
  const worker = fork(new URL("../../sim/worker.ts", import.meta.url), { execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", ({ hash }: Report) => {
      worker.disconnect();
      resolve(hash);
    });
    worker.send(taskOf(seed, undefined, false) satisfies Task);
  });
}

/** Blocks the event loop so many times, each after a moment in which it may turn. */
function standStill(ms: number, times: number): () => void {
  let left = times;
  const timer = setInterval(() => {
    if (left-- <= 0) return;
    for (const end = performance.now() + ms; performance.now() < end; );
  }, 30);
  return () => clearInterval(timer);
}
