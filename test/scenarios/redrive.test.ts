import { afterEach, describe, expect, it } from "vitest";
import { createApi } from "../../lambdas/api/index.ts";
import { createClients } from "../../lambdas/aws/clients.ts";
import { createWorld } from "../../lambdas/aws/index.ts";
import { engineNames } from "../../lambdas/contract.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { arnOf } from "../../local/arn.ts";
import type { InProcessHandler } from "../../local/transport.ts";
import { openStage, START, START_EVENT, type Stage } from "../laws/harness.ts";
import { one } from "../laws/scenarios.ts";

const names = engineNames("stepwell");
const RUNS = names.runQueue("main", "laws");
const AT = Date.UTC(2027, 0, 1, 12);

const opened = new Set<Stage>();
afterEach(async () => {
  const stages = [...opened];
  opened.clear();
  await Promise.all(stages.map(({ cloud }) => cloud.close()));
});

/** A stage with dead letters: what `bodies` are, taken from dead-letter queues as SQS moves them there. */
async function withLetters(...bodies: readonly { readonly queue: string; readonly body: unknown }[]): Promise<Stage> {
  const stage = await openStage({
    name: "redrive",
    functions: one(async ({ step }, { notebook }) => notebook.step(step, "only", () => "done")),
  });
  opened.add(stage);
  for (const { queue, body } of bodies)
    stage.aws.sqs.deliver(arnOf("sqs", queue), typeof body === "string" ? body : JSON.stringify(body));
  await stage.aws.time.settle();
  return stage;
}

const bused = (id: string) => ({
  queue: names.ingestDeadLetters,
  body: {
    "detail-type": START,
    source: "stepwell.laws",
    id: `bus-${id}`,
    time: new Date(AT).toISOString(),
    detail: { v: 1, id, ts: AT, env: "main", data: { id: 7 } },
  },
});

const run = (fields: object) => ({
  queue: names.runDeadLetters("main", "laws"),
  body: {
    ...{ v: 1, id: "m", env: "main", app: "laws", functionId: "main" },
    runId: runIdOf({ app: "laws", functionId: "main" }, "e", AT),
    ...fields,
  },
});

describe("cloud.redrive", () => {
  it("sends an event's letter to the router again, and its function runs", async () => {
    const { cloud, notebook } = await withLetters(bused("lost"));
    const [letter] = await cloud.deadLetters();
    expect(await cloud.runsOf("lost")).toEqual([]);
    expect(await cloud.redrive()).toEqual([{ id: letter?.id, outcome: "sent", to: names.ingestQueue }]);
    expect(await cloud.runsOf("lost")).toMatchObject([{ status: "completed", output: "done" }]);
    expect(notebook.bodies).toEqual({ only: 1 });
    expect(await cloud.deadLetters()).toMatchObject([{ id: letter?.id, redrivenAt: AT, redrives: 1 }]);
  });

  it("takes those that were not sent yet, and by its id any; twice changes nothing but the count", async () => {
    const { cloud, notebook } = await withLetters(bused("a"), bused("b"));
    const [first] = await cloud.deadLetters();
    await cloud.redrive([first?.id ?? ""]);
    expect(await cloud.redrive()).toHaveLength(1);
    expect(await cloud.redrive()).toEqual([]);
    expect(await cloud.redrive([first?.id ?? ""])).toMatchObject([{ outcome: "sent" }]);
    expect(notebook.bodies).toEqual({ only: 2 });
    const counts = (await cloud.deadLetters()).map(({ id, redrives }) => [id === first?.id, redrives]);
    expect(counts.toSorted()).toEqual([
      [false, 1],
      [true, 2],
    ]);
  });

  it("sends a run's message to its app's queue, and says which run it is of", async () => {
    const { cloud } = await withLetters(
      run({ kind: "start", event: { ...stored("e"), at: AT }, queuedAt: AT, emits: [] }),
    );
    const [redriven] = await cloud.redrive();
    expect(redriven).toMatchObject({ outcome: "sent", to: RUNS, runId: run({}).body.runId });
    expect(await cloud.run(redriven?.runId)).toMatchObject({ status: "completed" });
  });

  it.each([
    ["no JSON", { queue: names.ingestQueue, body: "{oops" }, "malformed", /not JSON.*STEPWELL_INVALID_MESSAGE/],
    ["no event", { queue: names.ingestQueue, body: { hello: 1 } }, "malformed", /"detail-type" or "source"/],
    ["an unknown kind", run({ kind: "dance" }), "malformed", /STEPWELL_INVALID_MESSAGE/],
    [
      "a function that is not deployed",
      run({ kind: "wake", functionId: "gone" }),
      "notServed",
      /"laws\/gone".*deploy it/,
    ],
    ["an app that is not deployed", run({ kind: "wake", app: "gone" }), "notServed", /STEPWELL_FUNCTION_NOT_FOUND/],
    ["too long a body", { queue: names.ingestQueue, body: "x".repeat(400_000) }, "malformed", /too large to be kept/],
  ])("does not send %s, says why, and leaves it unmarked", async (_, letter, outcome, reason) => {
    const { cloud } = await withLetters(letter);
    expect(await cloud.redrive()).toEqual([
      expect.objectContaining({ outcome, reason: expect.stringMatching(reason) }),
    ]);
    expect((await cloud.deadLetters()).every(({ redrivenAt }) => redrivenAt === undefined)).toBe(true);
  });

  it("says so when there is no such letter, and sends the others", async () => {
    const { cloud } = await withLetters(bused("a"));
    const [letter] = await cloud.deadLetters();
    const outcomes = (await cloud.redrive(["nobody", letter?.id ?? ""])).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["unknown", "sent"]);
  });

  it("sends many, and each once", async () => {
    const letters = Array.from({ length: 120 }, (_, i) => bused(`e${i}`));
    const { cloud, notebook } = await withLetters(...letters);
    expect(await cloud.redrive()).toHaveLength(120);
    expect(notebook.bodies).toEqual({ only: 120 });
    expect(await cloud.redrive()).toEqual([]);
  });

  it("what is poison has a record of its own again, and the first one stays marked", async () => {
    const { cloud, aws } = await withLetters(bused("a"));
    const [first] = await cloud.deadLetters();
    await cloud.redrive();
    // It goes round once more: fifty receives later it is in the dead-letter queue again, as another message.
    aws.sqs.deliver(arnOf("sqs", names.ingestDeadLetters), first?.body ?? "");
    await aws.time.settle();
    const letters = await cloud.deadLetters();
    expect(letters).toHaveLength(2);
    expect(letters.filter(({ redrivenAt }) => redrivenAt === undefined)).toMatchObject([{ body: first?.body }]);
  });
});

describe("whoever redrives dies, or gets no answer, at any of his calls", () => {
  it.each(["before", "after"] as const)(
    "%s it is made: the next redrive finds it out, and the event has one run",
    async (when) => {
      for (let at = 1; ; at++) {
        const stage = await withLetters(bused("lost"), run({ kind: "wake" }));
        const { aws, provisioned, cloud, notebook } = stage;
        const dying = dyingAt(aws.clientConfig().requestHandler, at, when);
        const world = createWorld(
          createClients({ ...aws.clientConfig(), maxAttempts: 1, requestHandler: dying.handler }),
          provisioned.binding,
          aws.clock,
        );
        const ids = (await cloud.deadLetters()).map(({ id }) => id);
        const api = createApi({ world, clock: aws.clock }).deadLetters;
        for (const id of ids) await api.redrive({ env: "main", ids: [id] }).catch(() => {});
        await aws.time.settle();
        await cloud.redrive();
        expect(await cloud.runsOf("lost")).toMatchObject([{ status: "completed" }]);
        expect(notebook.bodies).toEqual({ only: 1 });
        expect((await cloud.deadLetters()).map(({ redrives }) => redrives)).toEqual([1, 1]);
        expect(await cloud.redrive()).toEqual([]);
        if (!dying.isDead()) return;
      }
    },
  );
});

const stored = (id: string) => ({
  v: 1,
  env: "main",
  id,
  name: START_EVENT.name,
  ts: AT,
  hops: 0,
  data: { json: "{}" },
});

/** A process that dies at a call: neither that one nor any later one gets an answer. */
function dyingAt(inner: InProcessHandler, at: number, when: "before" | "after") {
  let calls = 0;
  const killed = () => Object.assign(new Error("killed"), { name: "Killed" });
  const handle: InProcessHandler["handle"] = async (request, options) => {
    calls++;
    if (calls > at || (calls === at && when === "before")) throw killed();
    const answer = await inner.handle(request, options);
    if (calls >= at) throw killed();
    return answer;
  };
  return { handler: { ...inner, handle }, isDead: () => calls >= at };
}
