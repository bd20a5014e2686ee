import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
} from "@aws-sdk/client-scheduler";
import {
  ExecutionAlreadyExists,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from "@aws-sdk/client-sfn";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { createQueue } from "../../lambdas/aws/queue.ts";
import { Table } from "../../lambdas/aws/table.ts";
import { createTimer } from "../../lambdas/aws/timer.ts";
import { createWaits } from "../../lambdas/aws/waits.ts";
import type { WaitMachineInput } from "../../lambdas/contract.ts";
import type { RunMessage } from "../../sdk/protocol/index.ts";

const region = { region: "us-east-1" };
const fault = { $metadata: {}, message: "no" };
const dynamodb = mockClient(DynamoDBClient);
const scheduler = mockClient(SchedulerClient);
const stepFunctions = mockClient(SFNClient);
const sqs = mockClient(SQSClient);

const table = new Table(() => new DynamoDBClient(region), "state");
const queue = createQueue(() => new SQSClient(region), "ingest");
const timer = createTimer(async () => new SchedulerClient(region), queue, {
  group: "g",
  roleArn: "role",
  ingestQueueArn: "arn",
});
const waits = createWaits(async () => new SFNClient(region), "arn:aws:states:us-east-1:1:stateMachine:wait");
const message: RunMessage = { v: 1, id: "m", env: "main", app: "a", functionId: "f", runId: "r", kind: "wake" };

beforeEach(() => {
  for (const client of [dynamodb, scheduler, stepFunctions, sqs]) client.reset();
});

describe("the table", () => {
  it("takes a refused condition for an answer, and every other error for one", async () => {
    dynamodb.on(PutItemCommand).rejectsOnce(new ConditionalCheckFailedException(fault)).rejects(new Error("throttled"));
    const item = { pk: "p", sk: "s" };
    expect(await table.put(item, "attribute_not_exists(pk)")).toBe(false);
    await expect(table.put(item)).rejects.toThrow("throttled");
  });

  it("names attributes and values for the expression, and leaves out what is undefined", async () => {
    dynamodb.on(UpdateItemCommand).resolves({});
    await table.update(
      { pk: "p", sk: "s" },
      { update: "SET #a = :a REMOVE #b", when: "#c < :a", values: { a: 1, d: undefined } },
    );
    expect(dynamodb.commandCalls(UpdateItemCommand)[0]?.args[0].input).toMatchObject({
      ExpressionAttributeNames: { "#a": "a", "#b": "b", "#c": "c" },
      ExpressionAttributeValues: { ":a": { N: "1" } },
    });
  });

  it("reads consistently", async () => {
    dynamodb.on(GetItemCommand).resolves({});
    expect(await table.get({ pk: "p", sk: "s" })).toBeUndefined();
    expect(dynamodb.commandCalls(GetItemCommand)[0]?.args[0].input.ConsistentRead).toBe(true);
  });
});

describe("timers", () => {
  const now = Date.UTC(2026, 0, 1);

  it("are a queue's delay up to 15 minutes, rounded up to the second", async () => {
    sqs.on(SendMessageCommand).resolves({});
    await timer.arm("t", now + 899_001, now, "runs", message);
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toMatchObject({
      QueueUrl: "runs",
      DelaySeconds: 900,
    });
    expect(scheduler.calls().length).toBe(0);
  });

  it("are a schedule beyond, a minute early, deleted when done", async () => {
    scheduler.on(CreateScheduleCommand).resolves({});
    await timer.arm("t", now + 900_001, now, "runs", message);
    const input = scheduler.commandCalls(CreateScheduleCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      Name: "t",
      GroupName: "g",
      ScheduleExpression: "at(2026-01-01T00:14:00)",
      ActionAfterCompletion: "DELETE",
      Target: { Arn: "arn", RoleArn: "role" },
    });
    expect(JSON.parse(input?.Target?.Input ?? "")).toEqual({
      v: 1,
      stepwell: true,
      kind: "timer",
      at: now + 900_001,
      message,
    });
  });

  it("that are there already are the same timer", async () => {
    scheduler.on(CreateScheduleCommand).rejects(new ConflictException({ ...fault, Message: "exists" }));
    await timer.arm("t", now + 1_000_000, now, "runs", message);
  });

  it("are taken back whether they are there, firing, or gone", async () => {
    scheduler
      .on(DeleteScheduleCommand)
      .rejectsOnce(new ResourceNotFoundException({ ...fault, Message: "gone" }))
      .rejectsOnce(new ConflictException({ ...fault, Message: "firing" }))
      .resolves({});
    for (let i = 0; i < 3; i++) await timer.disarm("t", now + 1_000_000, now);
    await timer.disarm("t", now + 1_000, now);
    expect(scheduler.commandCalls(DeleteScheduleCommand).length).toBe(3);
  });
});

describe("waits", () => {
  it("that are started twice are started once", async () => {
    stepFunctions.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists(fault));
    await waits.start("w", {} as WaitMachineInput);
  });

  it("tell when nobody is there to be called back", async () => {
    stepFunctions
      .on(SendTaskSuccessCommand)
      .resolvesOnce({})
      .rejectsOnce(new TaskTimedOut(fault))
      .rejectsOnce(new TaskDoesNotExist(fault))
      .rejects(new Error("throttled"));
    expect([await waits.succeed("t"), await waits.succeed("t"), await waits.succeed("t")]).toEqual([
      true,
      false,
      false,
    ]);
    await expect(waits.succeed("t")).rejects.toThrow("throttled");
  });
});

describe("the queue", () => {
  it("tells which messages of a batch were refused, so that what they are from comes back", async () => {
    sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Failed: [{ Id: "1", SenderFault: false, Code: "InternalError", Message: "no" }] })
      .rejectsOnce(new Error("throttled"));
    const other = { ...message, runId: "other" };
    expect(await queue.sendToRuns("runs", [message, other])).toEqual([other]);
    expect(await queue.sendToRuns("runs", [message, other])).toEqual([message, other]);
  });

  it("escapes the two characters that SQS does not take", async () => {
    sqs.on(SendMessageCommand).resolves({});
    const text = "\uFFFE and \uFFFF";
    await queue.sendToRun("runs", { ...message, id: text });
    const body = sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.MessageBody ?? "";
    expect(body).not.toMatch(/[\uFFFE\uFFFF]/);
    expect(JSON.parse(body).id).toBe(text);
  });

  it("sends ten messages a request", async () => {
    sqs.on(SendMessageBatchCommand).resolves({});
    await queue.sendToRuns(
      "runs",
      Array.from({ length: 22 }, () => message),
    );
    expect(sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries?.length)).toEqual([
      10, 10, 2,
    ]);
  });
});
