import { createRequire } from "node:module";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { expect, it } from "vitest";
import { WAIT_MACHINE, type WaitMachineInput } from "../../lambdas/contract.ts";
import { difference } from "../../local/meter.ts";
import { HOUR, openAws } from "./open.ts";
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

it("other errors are retried with backoff before the wait gives up and wakes the run", async () => {
  const { aws, start, received } = await openMachine();
  await start("w1", { tableName: "no-such-table" });
  await aws.time.passTime(62_999);
  expect(received()).toEqual([]);
  await aws.time.passTime(1);
  expect(received()).toEqual(["wake"]);
});

it("what it cannot do is refused by name", async () => {
  const { stepFunctions } = await openMachine();
  await expect(stepFunctions.send(new SendTaskHeartbeatCommand({ taskToken: "x" }))).rejects.toThrow(
    "SendTaskHeartbeat",
  );
  const choice = { StartAt: "A", States: { A: { Type: "Choice" } } };
  await expect(openMachine(choice)).rejects.toThrow("states of type Choice");
  const other = {
    StartAt: "A",
    States: { A: { Type: "Task", Resource: "arn:aws:lambda", ResultPath: null, End: true } },
  };
  await expect(openMachine(other)).rejects.toThrow("the Step Functions resource arn:aws:lambda");
});
