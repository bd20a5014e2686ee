import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ChangeMessageVisibilityCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import { Gate } from "../../local/gate.ts";
import type { LambdaContext } from "../../local/services/lambda-context.ts";
import { EXITED, FunctionFailure } from "../../local/services/lambda-error.ts";
import { MINUTE, openAws, SECOND, START } from "./open.ts";

interface Batch {
  readonly Records: readonly {
    readonly messageId: string;
    readonly receiptHandle: string;
    readonly body: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly eventSourceARN: string;
  }[];
}

const ARN = queueArn("jobs");

async function openQueue() {
  const opened = await openAws();
  opened.aws.sqs.createQueue("jobs");
  const deliver = (...bodies: string[]) => bodies.map((body) => opened.aws.sqs.deliver(ARN, body));
  return { ...opened, deliver };
}

it("an invocation answers with its value, its error or its timeout", async () => {
  const { aws, lambda } = await openAws();
  aws.lambda.register("echo", (event, context: LambdaContext) => ({ event, name: context.functionName }));
  aws.lambda.register("fail", () => {
    throw new TypeError("no");
  });
  aws.lambda.register("circle", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    return circle;
  });
  aws.lambda.register("hang", () => new Promise(() => {}), { timeoutMs: 2_000 });
  const invoke = async (FunctionName: string) => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ a: 1 }) }));
    return [answer.FunctionError, JSON.parse(answer.Payload?.transformToString() ?? "")];
  };
  expect(await invoke("echo:live")).toEqual([undefined, { event: { a: 1 }, name: "echo" }]);
  expect(await invoke("fail")).toMatchObject(["Unhandled", { errorType: "TypeError", errorMessage: "no" }]);
  expect(await invoke("circle")).toMatchObject(["Unhandled", { errorType: "Runtime.MarshalError" }]);
  const hung = invoke("hang");
  await aws.time.passTime(2_000);
  expect(await hung).toMatchObject(["Unhandled", { errorType: "Sandbox.Timedout" }]);
  await expect(invoke("none")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

it("an asynchronous invocation is tried twice more, after a minute and two", async () => {
  const { aws, lambda } = await openAws();
  const tries: number[] = [];
  aws.lambda.register("fail", () => {
    tries.push((Date.now() - START) / MINUTE);
    throw new Error("no");
  });
  await lambda.send(new InvokeCommand({ FunctionName: "fail", InvocationType: "Event" }));
  await aws.time.passTime(10 * MINUTE);
  expect(tries).toEqual([0, 1, 3]);
});

it("what is sent together is received together, and deleted by one call", async () => {
  const { aws, deliver } = await openQueue();
  const batches: string[][] = [];
  aws.lambda.register("worker", ({ Records }: Batch) => void batches.push(Records.map(({ body }) => body)));
  aws.lambda.addEventSource("worker", ARN);
  deliver(...Array.from({ length: 12 }, (_, n) => String(n)));
  await aws.time.settle();
  expect(batches.map(({ length }) => length)).toEqual([10, 2]);
  expect(aws.sqs.messages("jobs")).toEqual([]);
  expect(aws.meter.snapshot().calls).toEqual({
    "sqs.SendMessage": 12,
    "sqs.ReceiveMessage": 2,
    "sqs.DeleteMessageBatch": 2,
  });
});

it("messages that a handler names as failed reappear, the others are gone", async () => {
  const { aws, deliver } = await openQueue();
  const seen: string[] = [];
  aws.lambda.register("worker", ({ Records }: Batch) => {
    for (const { body, attributes } of Records) seen.push(`${body}${attributes.ApproximateReceiveCount}`);
    const failed = Records.filter(
      ({ body, attributes }) => body === "bad" && attributes.ApproximateReceiveCount === "1",
    );
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  aws.lambda.addEventSource("worker", ARN);
  deliver("good", "bad");
  await aws.time.settle();
  expect(aws.sqs.messages("jobs")).toMatchObject([{ body: "bad", state: "inflight" }]);
  await aws.time.passTime(30 * SECOND);
  expect(seen).toEqual(["good1", "bad1", "bad2"]);
  expect(aws.sqs.messages("jobs")).toEqual([]);
});

it.each<[string, () => unknown]>([
  ["throws", () => Promise.reject(new Error("no"))],
  ["answers with an unknown id", () => ({ batchItemFailures: [{ itemIdentifier: "who?" }] })],
  ["answers with an empty id", () => ({ batchItemFailures: [{ itemIdentifier: "" }] })],
  ["answers with something else", () => ({ batchItemFailures: "all" })],
])("a handler that %s fails the whole batch", async (_name, handler) => {
  const { aws, deliver } = await openQueue();
  aws.lambda.register("worker", handler);
  aws.lambda.addEventSource("worker", ARN);
  deliver("a", "b");
  await aws.time.settle();
  expect(aws.sqs.messages("jobs").map(({ state }) => state)).toEqual(["inflight", "inflight"]);
});

it("a visibility that the handler has changed decides when its failed message comes back", async () => {
  const { aws, sqs, deliver } = await openQueue();
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "jobs" }));
  const seen: number[] = [];
  aws.lambda.register("worker", async ({ Records: [record] }: Batch) => {
    seen.push((Date.now() - START) / SECOND);
    const ReceiptHandle = record?.receiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 7 }));
    if (seen.length === 1) throw new Error("later");
  });
  aws.lambda.addEventSource("worker", ARN);
  deliver("a");
  await aws.time.passTime(MINUTE);
  expect(seen).toEqual([0, 7]);
});

it("an invocation past its deadline is abandoned, and its message comes back", async () => {
  const { aws, deliver } = await openQueue();
  let calls = 0;
  aws.lambda.register("worker", () => (++calls === 1 ? new Promise(() => {}) : undefined), { timeoutMs: 10 * SECOND });
  aws.lambda.addEventSource("worker", ARN);
  deliver("a");
  await aws.time.passTime(29 * SECOND);
  expect(calls).toBe(1);
  await aws.time.passTime(SECOND);
  expect(calls).toBe(2);
  expect(aws.sqs.messages("jobs")).toEqual([]);
});

it("no more invocations run at a time than the event source allows", async () => {
  const { aws, deliver } = await openQueue();
  let [running, most] = [0, 0];
  aws.lambda.register("worker", async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  aws.lambda.addEventSource("worker", ARN, { batchSize: 1, maxConcurrency: 3 });
  deliver(..."abcdefghij");
  await aws.time.settle();
  expect(most).toBe(3);
  expect(aws.sqs.messages("jobs")).toEqual([]);
});

it("what a process had not begun with when it died comes back at once, the rest when it said", async () => {
  const { aws, sqs, deliver } = await openQueue();
  const QueueUrl = aws.sqs.queueUrl("jobs");
  const seen: string[] = [];
  aws.lambda.register("worker", async ({ Records: [record] }: Batch) => {
    seen.push(`${record?.body} at ${(Date.now() - START) / SECOND}`);
    if (record?.attributes.ApproximateReceiveCount !== "1") return;
    const ReceiptHandle = record.receiptHandle;
    if (record.body === "begun")
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 10 }));
    throw new FunctionFailure(EXITED);
  });
  aws.lambda.addEventSource("worker", ARN, { batchSize: 1 });
  deliver("begun", "not begun");
  await aws.time.passTime(10 * SECOND);
  expect(seen.toSorted()).toEqual(["begun at 0", "begun at 10", "not begun at 0", "not begun at 0"]);
  expect(aws.sqs.messages("jobs")).toEqual([]);
});

it("a message that has been received again is the later invocation's: what the first one answers changes nothing", async () => {
  const { aws, deliver } = await openQueue();
  const answers: PromiseWithResolvers<unknown>[] = [];
  aws.lambda.register("worker", () => {
    const answer = Promise.withResolvers<unknown>();
    answers.push(answer);
    return answer.promise;
  });
  aws.lambda.addEventSource("worker", ARN, { batchSize: 1 });
  const states = () => aws.sqs.messages("jobs").map(({ state }) => state);
  deliver("done", "dead");
  await aws.time.passTime(31 * SECOND);
  expect(answers).toHaveLength(4);
  answers[0]?.resolve(undefined);
  answers[1]?.reject(new FunctionFailure(EXITED));
  await aws.time.passTime(SECOND);
  expect(states()).toEqual(["inflight", "inflight"]);
  expect(answers).toHaveLength(4);
  for (const { resolve } of answers) resolve(undefined);
  await aws.time.settle();
  expect(states()).toEqual([]);
});

it("while the gate is closed messages wait, and are not counted as received", async () => {
  const { aws, deliver } = await openQueue();
  const gate = new Gate();
  const counts: (string | undefined)[] = [];
  aws.lambda.register("worker", ({ Records: [record] }: Batch) => {
    counts.push(record?.attributes.ApproximateReceiveCount);
    gate.close();
  });
  aws.lambda.addEventSource("worker", ARN, { batchSize: 1, gate });
  deliver("a", "b");
  for (const expected of [[], ["1"], ["1", "1"]]) {
    await aws.time.passTime(MINUTE);
    expect(counts).toEqual(expected);
    gate.open();
  }
});
