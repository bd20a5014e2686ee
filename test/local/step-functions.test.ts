import { createRequire } from "node:module";
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { expect, it } from "vitest";
import { WAIT_MACHINE, type WaitMachineInput } from "../../lambdas/contract.ts";
import { difference } from "../../local/meter.ts";
import { HOUR, MINUTE, openAws, socketClients } from "./open.ts";
import { createTable, TABLE_NAME } from "./table.ts";

/** It comes without types. */
const validate = createRequire(import.meta.url)("asl-validator") as (definition: object) => {
  readonly isValid: boolean;
};

const Key = { pk: { S: "run" }, sk: { S: "step" } };

async function openMachine(definition: object = WAIT_MACHINE) {
  const opened = await openAws();
  const { aws, dynamodb, stepFunctions } = opened;
  await createTable(dynamodb);
  aws.sqs.createQueue("runs");
  const { stateMachineArn } = await stepFunctions.send(
    new CreateStateMachineCommand({
      name: "wait",
      definition: JSON.stringify(definition),
      roleArn: "arn:aws:iam::000000000000:role/r",
    }),
  );
  const input: WaitMachineInput = {
    tableName: TABLE_NAME,
    pk: "run",
    sk: "step",
    timeoutSeconds: 3_600,
    queueUrl: aws.sqs.queueUrl("runs"),
    wake: '{"kind":"wake"}',
    timeout: '{"kind":"timeout"}',
  };
  const start = async (name = "w1", changes: Partial<WaitMachineInput> = {}) => {
    const command = new StartExecutionCommand({
      stateMachineArn,
      name,
      input: JSON.stringify({ ...input, ...changes }),
    });
    const { executionArn } = await stepFunctions.send(command);
    await aws.time.settle();
    return executionArn;
  };
  const putStep = (fields: Record<string, { S: string }> = {}) =>
    dynamodb.send(new PutItemCommand({ TableName: TABLE_NAME, Item: { ...Key, ...fields } }));
  const step = async () => (await dynamodb.send(new GetItemCommand({ TableName: TABLE_NAME, Key }))).Item;
  const succeed = (taskToken: string | undefined) =>
    stepFunctions.send(new SendTaskSuccessCommand({ taskToken, output: "{}" }));
  const received = () => aws.sqs.messages("runs").map(({ body }) => (JSON.parse(body) as { kind: string }).kind);
  const status = async (executionArn: string | undefined) =>
    (await stepFunctions.send(new DescribeExecutionCommand({ executionArn }))).status;
  return { ...opened, stateMachineArn, start, putStep, step, succeed, received, status };
}

it("asl-validator accepts the wait machine", () => {
  // A copy, because it fills in defaults.
  expect(validate(structuredClone(WAIT_MACHINE))).toMatchObject({ isValid: true });
});

it("a wait registers its token, and a callback wakes the run: three transitions", async () => {
  const { aws, start, putStep, step, succeed, received, status } = await openMachine();
  await putStep();
  const before = aws.meter.snapshot();
  const execution = await start();
  const item = await step();
  expect(item).toMatchObject({ tokenTry: { N: "1" } });
  expect(await status(execution)).toBe("RUNNING");
  await succeed(item?.token?.S);
  await aws.time.settle();
  expect(received()).toEqual(["wake"]);
  expect(await status(execution)).toBe("SUCCEEDED");
  const { calls, dollars } = difference(before, aws.meter.snapshot());
  expect(calls).toMatchObject({ "sfn.StartExecution": 1, "dynamodb.UpdateItem": 1, "sqs.SendMessage": 1 });
  expect(dollars).toBeGreaterThan(75e-6);
  expect(dollars).toBeLessThan(80e-6);
  await expect(succeed(item?.token?.S)).rejects.toMatchObject({ name: "TaskDoesNotExist" });
  await aws.time.passTime(2 * HOUR);
  expect(received()).toEqual(["wake"]);
});

it("a wait whose time is up sends the timeout, and a late callback is told so", async () => {
  const { aws, start, putStep, step, succeed, received, status } = await openMachine();
  await putStep();
  const execution = await start();
  await aws.time.passTime(HOUR - 1);
  expect(received()).toEqual([]);
  await aws.time.passTime(1);
  expect(received()).toEqual(["timeout"]);
  expect(await status(execution)).toBe("SUCCEEDED");
  await expect(succeed((await step())?.token?.S)).rejects.toMatchObject({ name: "TaskTimedOut" });
});

it.each<[string, Record<string, { S: string }> | undefined]>([
  ["the result is there already", { outcome: { S: "event" } }],
  ["the step does not exist", undefined],
])("when %s the wait goes straight on to the wake", async (_name, fields) => {
  const { start, putStep, step, received, status } = await openMachine();
  if (fields !== undefined) await putStep(fields);
  const execution = await start();
  expect(received()).toEqual(["wake"]);
  expect(await status(execution)).toBe("SUCCEEDED");
  expect((await step())?.token).toBeUndefined();
});

it("a callback that fails is retried with a new token, and counts the tries", async () => {
  const { aws, stepFunctions, start, putStep, step } = await openMachine();
  await putStep();
  await start();
  const first = await step();
  await stepFunctions.send(new SendTaskFailureCommand({ taskToken: first?.token?.S, error: "Oops" }));
  await aws.time.passTime(1_000);
  const second = await step();
  expect(second?.tokenTry).toEqual({ N: "2" });
  expect(second?.token).not.toEqual(first?.token);
});

it("other errors are retried with backoff before the wait gives up and wakes the run", async () => {
  const { aws, start, received } = await openMachine();
  await start("w1", { tableName: "no-such-table" });
  await aws.time.passTime(62_999);
  expect(received()).toEqual([]);
  await aws.time.passTime(1);
  expect(received()).toEqual(["wake"]);
});

it("a stopped wait sends nothing, and its token is dead", async () => {
  const { aws, stepFunctions, start, putStep, step, succeed, received, status } = await openMachine();
  await putStep();
  const executionArn = await start();
  await stepFunctions.send(new StopExecutionCommand({ executionArn }));
  await stepFunctions.send(new StopExecutionCommand({ executionArn }));
  await aws.time.passTime(2 * HOUR);
  expect(received()).toEqual([]);
  expect(await status(executionArn)).toBe("ABORTED");
  await expect(succeed((await step())?.token?.S)).rejects.toMatchObject({ name: "TaskDoesNotExist" });
});

it("the same name and input is the same execution while it runs, and is taken afterwards", async () => {
  const { aws, stepFunctions, stateMachineArn, start, putStep } = await openMachine();
  await putStep();
  expect(await start()).toBe(await start());
  await expect(start("w1", { timeoutSeconds: 1 })).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
  await aws.time.passTime(HOUR + MINUTE);
  await expect(start()).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
  const { executions } = await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions?.map(({ name }) => name)).toEqual(["w1"]);
});

it("bad tokens, long names and what it cannot do are refused by name", async () => {
  const { stepFunctions, start, succeed } = await openMachine();
  await expect(succeed("nonsense")).rejects.toMatchObject({ name: "InvalidToken" });
  await expect(start("x".repeat(81))).rejects.toMatchObject({ name: "InvalidName" });
  await expect(stepFunctions.send(new SendTaskHeartbeatCommand({ taskToken: "x" }))).rejects.toThrow(
    "SendTaskHeartbeat",
  );
  await expect(stepFunctions.send(new StopExecutionCommand({ executionArn: "none" }))).rejects.toMatchObject({
    name: "ExecutionDoesNotExist",
  });
  const choice = { StartAt: "A", States: { A: { Type: "Choice" } } };
  await expect(openMachine(choice)).rejects.toThrow("states of type Choice");
  const other = {
    StartAt: "A",
    States: { A: { Type: "Task", Resource: "arn:aws:lambda", ResultPath: null, End: true } },
  };
  await expect(openMachine(other)).rejects.toThrow("the Step Functions resource arn:aws:lambda");
});

it("a step that goes away while it waits does not keep the timeout from coming", async () => {
  const { aws, dynamodb, start, putStep, received } = await openMachine();
  await putStep();
  await start();
  await dynamodb.send(new DeleteItemCommand({ TableName: TABLE_NAME, Key }));
  await aws.time.passTime(HOUR);
  expect(received()).toEqual(["timeout"]);
});

it("the same machine is there over the socket", async () => {
  const { aws, stateMachineArn } = await openMachine();
  const { stepFunctions } = socketClients(aws.url);
  const { definition } = await stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn }));
  stepFunctions.destroy();
  expect(JSON.parse(definition ?? "")).toEqual(WAIT_MACHINE);
});
