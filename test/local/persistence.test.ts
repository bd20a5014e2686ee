import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateScheduleCommand } from "@aws-sdk/client-scheduler";
import { SendTaskSuccessCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished } from "vitest";
import { WAIT_MACHINE } from "../../lambdas/contract.ts";
import { queueArn } from "../../local/arn.ts";
import { virtualClock } from "../../local/clock.ts";
import { difference } from "../../local/meter.ts";
import { HOUR, MINUTE, openAws, openAwsByHand, SECOND, START } from "./open.ts";
import { createTable, TABLE_NAME } from "./table.ts";

function dataDirectory(): string {
  const dataDir = mkdtempSync(join(tmpdir(), "stepwell-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

const Key = { pk: { S: "run" }, sk: { S: "step" } };

it("queues keep their messages, hidden ones come back when their time is up, and new ids are new", async () => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  const QueueUrl = () => first.aws.sqs.queueUrl("jobs");
  first.aws.sqs.createQueue("jobs", { VisibilityTimeout: "60" });
  const send = (MessageBody: string, DelaySeconds = 0) =>
    first.sqs.send(new SendMessageCommand({ QueueUrl: QueueUrl(), MessageBody, DelaySeconds }));
  await send("taken");
  await first.sqs.send(new ReceiveMessageCommand({ QueueUrl: QueueUrl() }));
  await send("later", 90);
  await send("now");
  const ids = first.aws.sqs.messages("jobs").map(({ id }) => id);
  await first.aws.close();

  const { aws } = await openAws({ dataDir, clock: virtualClock(START + 30 * SECOND) });
  const states = () => aws.sqs.messages("jobs").map(({ body, state }) => `${body} ${state}`);
  expect(states()).toEqual(["taken inflight", "later delayed", "now visible"]);
  await aws.time.passTime(30 * SECOND);
  expect(states()).toEqual(["taken visible", "later delayed", "now visible"]);
  await aws.time.passTime(30 * SECOND);
  expect(states()[1]).toBe("later visible");
  expect(ids).not.toContain(aws.sqs.deliver(queueArn("jobs"), "new").id);
});

it("what an invocation had not begun with when its cloud ended comes back at once, the rest when it said", async () => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  first.aws.sqs.createQueue("jobs", { VisibilityTimeout: "120" });
  const QueueUrl = first.aws.sqs.queueUrl("jobs");
  const begun = Promise.withResolvers<void>();
  const worker = async ({ Records: [record] }: { Records: readonly { body: string; receiptHandle: string }[] }) => {
    if (record?.body === "begun") {
      const change = { QueueUrl, ReceiptHandle: record.receiptHandle, VisibilityTimeout: 10 };
      await first.sqs.send(new ChangeMessageVisibilityCommand(change));
      begun.resolve();
    }
    await new Promise(() => {});
  };
  first.aws.lambda.register("worker", worker);
  first.aws.lambda.addEventSource("worker", queueArn("jobs"), { batchSize: 1 });
  for (const body of ["begun", "not begun"]) first.aws.sqs.deliver(queueArn("jobs"), body);
  await begun.promise;
  await first.aws.close();

  const { aws } = await openAws({ dataDir, clock: virtualClock(START) });
  const states = () => aws.sqs.messages("jobs").map(({ body, state }) => `${body} ${state}`);
  expect(states()).toEqual(["begun inflight", "not begun visible"]);
});

it("tables, buses, rules and objects are as they were, and their writes are metered by what lies on disk", async () => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  await createTable(first.dynamodb);
  const put = { TableName: TABLE_NAME, Item: { ...Key, x: { S: "x".repeat(3_000) } } };
  await first.dynamodb.send(new PutItemCommand(put));
  first.aws.sqs.createQueue("q");
  first.aws.eventBridge.createBus("shop");
  first.aws.eventBridge.putRule("shop", "all", { source: ["shop"] }, [queueArn("q")]);
  first.aws.s3.createBucket("bucket");
  await first.s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a/b", Body: "hello" }));
  await first.aws.close();

  const { aws, dynamodb, eventBridge, s3 } = await openAws({ dataDir });
  const before = aws.meter.snapshot();
  await dynamodb.send(new PutItemCommand({ TableName: TABLE_NAME, Item: Key }));
  expect(difference(before, aws.meter.snapshot()).writeUnits).toBe(3);
  const entry = { EventBusName: "shop", Source: "shop", DetailType: "t", Detail: "{}" };
  await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
  expect(aws.sqs.messages("q")).toHaveLength(1);
  const object = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "a/b" }));
  expect(await object.Body?.transformToString()).toBe("hello");
});

it("a schedule that fell due in between fires at start, once", async () => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  first.aws.sqs.createQueue("q");
  await first.scheduler.send(
    new CreateScheduleCommand({
      Name: "s",
      ScheduleExpression: "at(2026-01-01T00:10:00)",
      FlexibleTimeWindow: { Mode: "OFF" },
      ActionAfterCompletion: "DELETE",
      Target: { Arn: queueArn("q"), RoleArn: "arn:aws:iam::000000000000:role/r", Input: "wake" },
    }),
  );
  await first.aws.close();
  for (const _start of [1, 2]) {
    const { aws } = await openAwsByHand({ dataDir, clock: virtualClock(START + HOUR) });
    await aws.time.settle();
    expect(aws.sqs.messages("q").map(({ body }) => body)).toEqual(["wake"]);
    await aws.close();
  }
});

it.each(["a callback", "the timeout"])("an execution that waits goes on with %s", async (what) => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  await createTable(first.dynamodb);
  await first.dynamodb.send(new PutItemCommand({ TableName: TABLE_NAME, Item: Key }));
  first.aws.sqs.createQueue("runs");
  const stateMachineArn = first.aws.stepFunctions.putStateMachine("wait", WAIT_MACHINE);
  const queueUrl = first.aws.sqs.queueUrl("runs");
  const wait = { tableName: TABLE_NAME, pk: "run", sk: "step", timeoutSeconds: 600, wake: "wake", timeout: "timeout" };
  const input = JSON.stringify({ ...wait, queueUrl });
  await first.stepFunctions.send(new StartExecutionCommand({ stateMachineArn, name: "w", input }));
  await first.aws.time.settle();
  await first.aws.close();

  const { aws, dynamodb, stepFunctions } = await openAws({ dataDir, clock: virtualClock(START + MINUTE) });
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: TABLE_NAME, Key }));
  if (what === "a callback") {
    await stepFunctions.send(new SendTaskSuccessCommand({ taskToken: Item?.token?.S, output: "{}" }));
  }
  await aws.time.passTime(HOUR);
  expect(aws.sqs.messages("runs").map(({ body }) => body)).toEqual([what === "a callback" ? "wake" : "timeout"]);
});

it("what was answered survives a killed process", async () => {
  const dataDir = dataDirectory();
  const script = fileURLToPath(new URL("killed-cloud.ts", import.meta.url));
  const { signal, stderr } = spawnSync(process.execPath, [script, dataDir], { encoding: "utf8" });
  expect([signal, stderr]).toEqual(["SIGKILL", ""]);
  const { aws, dynamodb } = await openAws({ dataDir });
  expect(aws.sqs.messages("jobs").map(({ body }) => body)).toEqual(["survivor"]);
  const got = await dynamodb.send(
    new GetItemCommand({ TableName: TABLE_NAME, Key: { pk: { S: "p" }, sk: { S: "s" } }, ConsistentRead: true }),
  );
  expect(got.Item?.pk).toEqual({ S: "p" });
});

it("a data directory that is in use is refused", async () => {
  const dataDir = dataDirectory();
  await openAws({ dataDir });
  await expect(openAwsByHand({ dataDir })).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: expect.stringContaining("Is another local cloud using it?"),
  });
});

it("a virtual clock goes on at a whole second", async () => {
  const dataDir = dataDirectory();
  const first = await openAwsByHand({ dataDir });
  await first.aws.time.passTime(1_500);
  await first.aws.close();
  const { aws } = await openAws({ dataDir });
  expect(aws.clock.now()).toBe(START + 2_000);
});
