import { Stepwell } from "stepwell";
import { expect, it, onTestFinished } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import type { SqsEvent } from "../../lambdas/middleware/sqs-batch.ts";
import { createLocalAws, type LocalAws } from "../../local/aws.ts";
import { virtualClock } from "../../local/clock.ts";
import { openDoors } from "../../local/doors.ts";
import { inProcessApp } from "../../local/in-process-app.ts";
import { currentInvocation } from "../../local/invocation.ts";
import { provision } from "../../local/provision.ts";

const MINUTE = 60_000;
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A cloud whose app takes ten messages an invocation. Its run of the number 0 is slow, and sleeps; the others are quick. */
async function openBatches(slowMs: number, inTheSlowStep: (aws: LocalAws) => void = quiet) {
  const aws = await createLocalAws({ clock: virtualClock(), log: quiet });
  onTestFinished(() => aws.close());
  const client = new Stepwell({ id: "shop", logger: log });
  const bodies: string[] = [];
  const pack = client.createFunction({ id: "pack" }, { event: "shop/pack" }, async ({ event, step }) => {
    const { n } = event.data as { n: number };
    await step.run("first", async () => {
      bodies.push(`${n} first`);
      if (n > 0) return;
      inTheSlowStep(aws);
      await new Promise<void>((resolve) => aws.clock.pause(aws.clock.now() + slowMs, resolve));
    });
    if (n % 2 === 0) await step.sleep("rest", "20s");
    await step.run("second", () => bodies.push(`${n} second`));
  });
  const provisioned = await provision(aws, { engine: "stepwell", env: "main", app: "shop", waits: "stepFunctions" });
  const app = inProcessApp(client, [pack]);
  const batches: string[][] = [];
  const recorded: typeof app = {
    ...app,
    lambda: (around) => {
      const { handler, ...lambda } = app.lambda(around);
      const handle = handler as (batch: unknown, context: unknown) => unknown;
      const record = (batch: Partial<SqsEvent>, context: never) => {
        const { Records = [] } = batch;
        if (Records.length > 0)
          batches.push(Records.map(({ body }) => `${JSON.parse(body).runId} ${JSON.parse(body).kind}`));
        return handle(batch, context);
      };
      return { ...lambda, handler: record as never };
    },
  };
  const doors = openDoors(aws, provisioned, { app: recorded, timeoutMs: 10 * MINUTE, log });
  await app.start(doors.register);
  const names = engineNames("stepwell");
  aws.lambda.addEventSource(names.door("router"), provisioned.ingestQueueArn, { batchSize: 10 });
  const events = Array.from({ length: 10 }, (_, n) => ({
    name: "shop/pack",
    envelope: { v: 1 as const, id: `e${n}`, ts: aws.clock.now(), env: "main", data: { n } },
  }));
  await doors.world.bus.send("shop", events);
  await aws.time.settle();
  // All are there when the app begins to take messages.
  aws.lambda.addEventSource(names.appLambda("main", "shop"), provisioned.runQueueArn, { batchSize: 10 });
  const runs = async () =>
    (await Promise.all(events.map(({ envelope }) => doors.api.runsOf("main", envelope.id)))).flat();
  return { aws, bodies, batches, runs, left: () => aws.sqs.messages(names.runQueue("main", "shop")) };
}

const once = Array.from({ length: 10 }, (_, n) => [`${n} first`, `${n} second`]).flat();

it("in a batch with a slow run, the messages of quick ones are received once, and nothing runs twice", async () => {
  const { aws, bodies, batches, runs, left } = await openBatches(3 * MINUTE);
  await aws.time.passTime(2 * MINUTE);
  expect(batches[0]).toHaveLength(10);
  expect(bodies.filter((body) => body.endsWith("second"))).toHaveLength(9);
  await aws.time.passTime(10 * MINUTE);

  expect((await runs()).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => "completed"));
  expect(bodies.toSorted()).toEqual(once);
  const received = batches.flat();
  expect(received.toSorted()).toEqual([...new Set(received)].toSorted());
  expect(left()).toEqual([]);
});

it("a process that dies with its batch costs the quick runs nothing, and the slow one a try", async () => {
  let deaths = 0;
  const die = (aws: LocalAws) => {
    const invocation = currentInvocation();
    if (deaths++ === 0) aws.clock.at(aws.clock.now() + MINUTE, () => invocation?.kill());
  };
  const { aws, bodies, batches, runs, left } = await openBatches(3 * MINUTE, die);
  await aws.time.passTime(30 * MINUTE);

  expect((await runs()).map(({ status, attempts }) => [status, attempts])).toEqual(
    Array.from({ length: 10 }, () => ["completed", 1]),
  );
  expect(bodies.toSorted()).toEqual(["0 first", ...once].toSorted());
  const starts = Map.groupBy(batches.flat(), (message) => message);
  expect([...starts].filter(([name]) => name.endsWith("start")).map(([, all]) => all.length)).toEqual(
    Array.from({ length: 10 }, () => 2),
  );
  expect(left()).toEqual([]);
});
