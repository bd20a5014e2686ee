import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUITES } from "./suites/index.ts";
import { type Promised, SERVICES, type Target, type World } from "./target.ts";
import { type OpenWorld, openWorld } from "./world.ts";

/** Not counting what is waited for: emulators on a busy machine are slow. */
const TEST_MS = 60_000;

/** Plays the contract against a target: each sentence is a test. */
export function playContract(target: Target): void {
  const { name, missing, services, patienceSeconds } = target;
  if (missing !== undefined) {
    console.info(`The contract is not played against ${name}: ${missing}.`);
    describe.skip(`${name}: ${missing}`, () => it("is played", () => {}));
    return;
  }
  const together = target.oneByOne ? describe : describe.concurrent;
  together(name, { timeout: TEST_MS + 2_000 * patienceSeconds }, () => {
    let opened: OpenWorld | undefined;
    beforeAll(async () => {
      opened = await openWorld(target);
    }, 120_000);
    afterAll(() => opened?.close(), 120_000);
    const world = () => (opened as OpenWorld).world;
    const played = SERVICES.filter((service) => services.includes(service)).map((service) =>
      playSuite(target, service, world),
    );
    it("differs from the contract only in sentences that are part of it", () => {
      const sentences = played.flat();
      const strangers = Object.keys(target.differences ?? {}).filter(
        (key) => !sentences.some((one) => isMeant(one, key)),
      );
      expect(strangers).toEqual([]);
    });
  });
}

function playSuite(
  { differences = {}, waitSecondsMax = Number.POSITIVE_INFINITY }: Target,
  service: (typeof SERVICES)[number],
  world: () => World,
): readonly string[] {
  // Filled in when vitest collects the suite.
  const sentences: string[] = [];
  const promised: Promised = (sentence, body, { seconds = 0 } = {}) => {
    sentences.push(sentence);
    const difference = Object.entries(differences).find(([key]) => isMeant(sentence, key))?.[1];
    if (seconds > waitSecondsMax) it.skip(`${sentence} (takes ${seconds} s)`, () => {});
    else if (typeof difference === "object") it.skip(`${sentence}: not always, ${difference.sometimes}`, () => {});
    else if (difference === undefined) it(sentence, () => body(world()));
    else it.fails(`${sentence}: no, ${difference}`, () => body(world()));
  };
  describe(service, () => {
    for (const suite of SUITES[service]) suite(promised);
  });
  return sentences;
}

/** "… of a queue" stands for all sentences with that end, "a queue …" for all with that beginning. */
function isMeant(sentence: string, key: string): boolean {
  const [start = "", end] = key.split("…");
  return end === undefined ? sentence === key : sentence.startsWith(start) && sentence.endsWith(end);
}
