import { afterEach, describe, expect, it } from "vitest";
import { createClients } from "../../lambdas/aws/clients.ts";
import { createWorld } from "../../lambdas/aws/index.ts";
import { oneByOne } from "../../lambdas/aws/one-by-one.ts";
import { engineNames } from "../../lambdas/contract.ts";
import type { Routed, RouterDeps } from "../../lambdas/router/deps.ts";
import { routeEngineMessage } from "../../lambdas/router/route-engine-message.ts";
import { routeEvent } from "../../lambdas/router/route-event.ts";
import { arnOf } from "../../local/arn.ts";
import type { EngineMessage, Throttle } from "../../sdk/protocol/index.ts";
import { START } from "./harness.ts";
import { HOUR_MS, MINUTE_MS } from "./scenarios.ts";
import { every, openThrottled, type Throttled, throttleProblems } from "./throttled.ts";

/** Routers that share the table and nothing else: what one does between any two calls of another. */

/** `LAWS=full npx vitest run test/laws` plays all of them, with starts that are far off, too; else one in a few, not the same of each race. */
const FULL = process.env.LAWS === "full";
const STEP = FULL ? 1 : 4;
const REPAIRED_MS = 5 * MINUTE_MS;

let stage: Throttled;
afterEach(() => stage.cloud.close());

/** A router of its own, with the functions that it knows; `before` is called before each of its AWS calls with their number, from 1. */
async function openRouter({ aws, provisioned, notebook }: Throttled, before: (call: number) => Promise<void>) {
  const config = aws.clientConfig();
  let calls = 0;
  const handle: typeof config.requestHandler.handle = async (request, options) => {
    await before(++calls);
    return config.requestHandler.handle(request, options);
  };
  const clients = createClients({ ...config, requestHandler: { ...config.requestHandler, handle } });
  const world = createWorld(clients, provisioned.binding, aws.clock);
  const deps: RouterDeps = {
    ...{ world, clock: aws.clock, log: notebook.silence },
    ...{ nonce: () => aws.random.uuid(), inTurn: oneByOne() },
  };
  await world.registry.apps("main");
  calls = 0;
  return { deps, calls: () => calls };
}

const quiet = async () => {};

/** What a router does with a message, to the end. */
async function carryOut({ deps }: { readonly deps: RouterDeps }, routed: Promise<Routed>): Promise<void> {
  const { send, after } = await routed;
  for (const { queueUrl, message, delaySeconds } of send)
    await deps.world.queue.sendToRun(queueUrl, message, delaySeconds);
  await after?.();
}

const arrival = (router: { readonly deps: RouterDeps }, id: string) => {
  const now = router.deps.clock.now();
  const event = { v: 1, env: "main", id, name: START, ts: now, at: now, hops: 0 } as const;
  return carryOut(router, routeEvent(router.deps, { ...event, data: { json: '{"id":7}' } }));
};

/** The walk of a deploy, and whatever follows from it at once. */
async function walk(router: { readonly deps: RouterDeps }, by: string): Promise<void> {
  const about = { env: "main", app: "laws", functionId: "main", by };
  const first: EngineMessage = { v: 1, stepwell: true, kind: "repace", ...about };
  const { queue } = router.deps.world;
  const next: EngineMessage[] = [first];
  const deps: RouterDeps = {
    ...router.deps,
    world: { ...router.deps.world, queue: { ...queue, sendToRouter: async (message) => void next.push(message) } },
  };
  for (let message = next.shift(); message !== undefined; message = next.shift())
    await carryOut({ deps }, routeEngineMessage(deps, message));
}

/** The walks that a deploy has asked for itself would set right what these leave behind. */
function loseWalks({ aws }: Throttled): void {
  const queue = aws.sqs.queue(arnOf("sqs", engineNames("stepwell").ingestQueue));
  if (queue === undefined) throw new Error("There is no ingest queue.");
  const send = queue.send.bind(queue);
  queue.send = (body, options = {}) => {
    const isWalk = body.includes('"repace"') && (options.delayMs ?? 0) > 0;
    return send(isWalk ? body.replace('"functionId":"main"', '"functionId":"none"') : body, options);
  };
}

type Act = (router: { readonly deps: RouterDeps }) => Promise<void>;

interface Race {
  readonly before: Throttle;
  readonly after: Throttle;
  /** What the other one deploys. @default - nothing */
  readonly final?: Throttle;
  /** Whose calls are counted; it knows the functions of before the deploy, and so may others. */
  readonly one: Act;
  readonly other: Act;
  readonly runs: number;
}

/** One act, with another as a whole before its call number `k`. Returns how many calls it has made. */
async function play({ before, after, final = after, one, other, runs }: Race, k: number) {
  stage = await openThrottled(before);
  loseWalks(stage);
  await stage.arrive(["e0", "e1", "e2"]);
  await stage.pass(MINUTE_MS);
  const aside = await openRouter(stage, quiet);
  const main = await openRouter(stage, async (call) => {
    if (call === k) await other(aside);
  });
  await stage.deploy(after);
  const from = stage.aws.clock.now();
  await one(main);
  const calls = main.calls();
  if (final !== after) {
    await stage.pass(90_000);
    await walk(aside, "the second of the last deploy");
  }
  await stage.pass(20 * HOUR_MS);
  const intervalMs = final.periodMs;
  const until = from + runs * intervalMs + REPAIRED_MS;
  return { calls, problems: await throttleProblems(stage, { runs, intervalMs, from, until, lateMs: 0 }) };
}

async function everywhere(race: Race): Promise<void> {
  for (let k = 1 + ((race.runs + race.after.periodMs / MINUTE_MS) % STEP); ; k += STEP) {
    const { calls, problems } = await play(race, k);
    if (k > calls) break;
    expect({ k, problems }).toEqual({ k, problems: [] });
    await stage.cloud.close();
  }
}

const rates = (
  [
    ["raised", every(10 * MINUTE_MS), every(2 * MINUTE_MS)],
    ["lowered", every(2 * MINUTE_MS), every(10 * MINUTE_MS)],
    ["raised, far off", every(3 * HOUR_MS), every(HOUR_MS)],
  ] as const
).filter(([name]) => FULL || !name.includes("far off"));

describe.each(rates)("a throttle that is %s", { timeout: 120_000 }, (_, before, after) => {
  it("holds for a run that arrives between any two calls of the walk", () =>
    everywhere({
      before,
      after,
      runs: 4,
      one: (router) => walk(router, "one"),
      other: (router) => arrival(router, "e3"),
    }));

  it("holds for a run between any two calls of whose arrival a walk comes by", () =>
    everywhere({
      before,
      after,
      runs: 4,
      one: (router) => arrival(router, "e3"),
      other: (router) => walk(router, "one"),
    }));

  it("holds for a run between any two calls of whose arrival another one arrives, and a walk comes by", () =>
    everywhere({
      ...{ before, after, runs: 5 },
      one: (router) => arrival(router, "e3"),
      other: async (router) => {
        await arrival(router, "e4");
        await walk(router, "one");
      },
    }));

  it("holds when two walks meet", () =>
    everywhere({
      before,
      after,
      runs: 3,
      one: (router) => walk(router, "one"),
      other: (router) => walk(router, "two"),
    }));

  it("holds when a message of the walk comes again while it is carried out", () =>
    everywhere({
      before,
      after,
      runs: 3,
      one: (router) => walk(router, "one"),
      other: (router) => walk(router, "one"),
    }));

  // A router that stands still with the rate of before may plan by it even then; runners hold such starts back until the second walk.
  it("holds when a deploy of another rate follows during the walk, after its second walk at the latest", () => {
    const final = every(30 * MINUTE_MS);
    return everywhere({
      ...{ before: every(5 * HOUR_MS), after, final, runs: 4 },
      one: (router) => walk(router, "one"),
      other: async (router) => {
        await stage.deploy(final);
        await walk(router, "two");
        await arrival(router, "e3");
      },
    });
  });
});
