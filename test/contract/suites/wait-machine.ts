import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "vitest";
import { WAIT_MACHINE, type WaitMachineInput } from "../../../lambdas/contract.ts";
import { errorOf, makeQueue, roleOf, tableName } from "../resources.ts";
import type { Promised, World } from "../target.ts";

/** What somebody is told who calls back too late; the engine takes them all for the same. */
const NOBODY_WAITS = /^(TaskTimedOut|TaskDoesNotExist|InvalidToken)$/;

const machineArn = (world: World): Promise<string> =>
  world.once("wait machine", async () => {
    const { stepFunctions } = world.clients;
    const { stateMachineArn = "" } = await stepFunctions.send(
      new CreateStateMachineCommand({
        name: world.unique("wait"),
        definition: JSON.stringify(WAIT_MACHINE),
        roleArn: roleOf(world),
      }),
    );
    world.atEnd(() => stepFunctions.send(new DeleteStateMachineCommand({ stateMachineArn })));
    return stateMachineArn;
  });

/** A step that waits, its run's queue, and the executions of its wait. */
async function openWait(world: World) {
  const { dynamodb, stepFunctions } = world.clients;
  const [TableName, stateMachineArn, queue] = [await tableName(world), await machineArn(world), await makeQueue(world)];
  const key = { pk: world.unique("run"), sk: "step" };
  const name = world.unique("wait");
  const input: WaitMachineInput = {
    ...{ tableName: TableName, ...key, timeoutSeconds: 120, queueUrl: queue.url },
    wake: '{"kind":"wake","text":"é"}',
    timeout: '{"kind":"timeout"}',
  };
  const startWith = (changes: Partial<WaitMachineInput> & { readonly name?: string; readonly text?: string } = {}) => {
    const { name: other = name, text, ...rest } = changes;
    return stepFunctions.send(
      new StartExecutionCommand({
        stateMachineArn,
        name: other,
        input: text ?? JSON.stringify({ ...input, ...rest }),
      }),
    );
  };
  const start = async (changes: Partial<WaitMachineInput> = {}) => (await startWith(changes)).executionArn;
  const putStep = (fields: object = {}) =>
    dynamodb.send(new PutItemCommand({ TableName, Item: marshall({ ...key, ...fields }) }));
  const dropStep = () => dynamodb.send(new DeleteItemCommand({ TableName, Key: marshall(key) }));
  const step = async () => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: marshall(key), ConsistentRead: true }));
    return (Item && unmarshall(Item)) as { readonly token?: string; readonly tokenTry?: number } | undefined;
  };
  /** The token of the step's `nth` try, once it is there. */
  const token = (nth = 1) =>
    world.eventually(async () => {
      const { token, tokenTry } = (await step()) ?? {};
      return tokenTry === nth ? token : undefined;
    });
  const succeed = (taskToken: string) => stepFunctions.send(new SendTaskSuccessCommand({ taskToken, output: "{}" }));
  const received = async () => (JSON.parse((await queue.next()).Body ?? "") as { kind: string }).kind;
  const ended = (executionArn: string | undefined) =>
    world.eventually(async () => {
      const { status } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      return status === "RUNNING" ? undefined : status;
    });
  return {
    ...{ stateMachineArn, queue, name, start, startWith, putStep, dropStep, step, token, succeed },
    received,
    ended,
  };
}

/** The machine of `waitForEvent`, as it is deployed. */
export function waitMachine(promised: Promised): void {
  promised("a wait registers its token, and a callback wakes the run", async (world) => {
    const { start, putStep, token, succeed, received, ended, queue } = await openWait(world);
    await putStep();
    const execution = await start();
    const registered = await token();
    const { status } = await world.clients.stepFunctions.send(
      new DescribeExecutionCommand({ executionArn: execution }),
    );
    expect(status).toBe("RUNNING");
    await succeed(registered);
    expect(await received()).toBe("wake");
    expect(await ended(execution)).toBe("SUCCEEDED");
    expect((await errorOf(succeed(registered))).name).toMatch(NOBODY_WAITS);
    expect(await queue.receive()).toEqual([]);
  });

  promised("a wait whose time is up sends the timeout, and a late callback is told so", async (world) => {
    const { start, putStep, token, succeed, received, ended } = await openWait(world);
    await putStep();
    const execution = await start({ timeoutSeconds: 2 });
    const registered = await token();
    expect(await received()).toBe("timeout");
    expect(await ended(execution)).toBe("SUCCEEDED");
    expect((await errorOf(succeed(registered))).name).toMatch(NOBODY_WAITS);
  });

  promised("a wait whose result is there already goes straight on to the wake, and leaves no token", async (world) => {
    const { start, putStep, step, received, ended } = await openWait(world);
    await putStep({ outcome: "ok" });
    const execution = await start();
    expect(await received()).toBe("wake");
    expect(await ended(execution)).toBe("SUCCEEDED");
    expect((await step())?.token).toBeUndefined();
  });

  promised("a wait of a step that is not there goes straight on to the wake, and makes none", async (world) => {
    const { start, step, received } = await openWait(world);
    await start();
    expect(await received()).toBe("wake");
    expect(await step()).toBeUndefined();
  });

  promised("a wait whose step goes away still times out", async (world) => {
    const { start, putStep, dropStep, token, received } = await openWait(world);
    await putStep();
    await start({ timeoutSeconds: 2 });
    await token();
    await dropStep();
    expect(await received()).toBe("timeout");
  });

  promised("a callback that fails is tried again with a new token, and the tries are counted", async (world) => {
    const { start, putStep, token, succeed, received } = await openWait(world);
    await putStep();
    await start();
    const first = await token();
    await world.clients.stepFunctions.send(new SendTaskFailureCommand({ taskToken: first, error: "Oops" }));
    const second = await token(2);
    expect(second).not.toBe(first);
    expect((await errorOf(succeed(first))).name).toMatch(NOBODY_WAITS);
    await succeed(second);
    expect(await received()).toBe("wake");
  });

  promised("a stopped wait sends nothing, its token is dead, and it may be stopped again", async (world) => {
    const { start, putStep, token, succeed, ended, queue } = await openWait(world);
    await putStep();
    const executionArn = await start();
    const registered = await token();
    const stop = () => world.clients.stepFunctions.send(new StopExecutionCommand({ executionArn, cause: "over" }));
    await stop();
    expect(await ended(executionArn)).toBe("ABORTED");
    await stop();
    expect((await errorOf(succeed(registered))).name).toMatch(NOBODY_WAITS);
    expect(await queue.receive()).toEqual([]);
  });

  promised(
    "a table that is not there is asked for again and again, then the run is woken",
    async (world) => {
      const { start, queue } = await openWait(world);
      await start({ tableName: world.unique("none") });
      await world.pass(60_000);
      expect(await queue.receive()).toEqual([]);
      expect((await queue.next()).Body).toContain("wake");
    },
    { seconds: 63 },
  );
}

export function executions(promised: Promised): void {
  promised("the same name and input is the same execution while it runs, and a conflict afterwards", async (world) => {
    const { startWith, putStep, token, succeed, ended } = await openWait(world);
    await putStep();
    const first = await startWith();
    expect(await startWith()).toMatchObject({ executionArn: first.executionArn, startDate: first.startDate });
    expect((await errorOf(startWith({ timeoutSeconds: 1 }))).name).toBe("ExecutionAlreadyExists");
    await succeed(await token());
    await ended(first.executionArn);
    expect((await errorOf(startWith())).name).toBe("ExecutionAlreadyExists");
  });

  promised("an execution is named after its machine", async (world) => {
    const { startWith, putStep, stateMachineArn, name } = await openWait(world);
    await putStep({ outcome: "ok" });
    const { executionArn } = await startWith();
    expect(executionArn).toBe(`${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`);
  });

  promised("executions that run are listed", async (world) => {
    const { startWith, putStep, token, stateMachineArn, name } = await openWait(world);
    await putStep();
    await startWith();
    await token();
    const { executions } = await world.clients.stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: "RUNNING" }),
    );
    expect(executions?.filter((execution) => execution.name === name)).toMatchObject([{ status: "RUNNING" }]);
  });

  promised("a name of 80 characters is taken, one of 81 or with a space is refused", async (world) => {
    const { startWith, putStep } = await openWait(world);
    await putStep({ outcome: "ok" });
    await startWith({ name: world.unique("wait").padEnd(80, "x") });
    for (const name of ["x".repeat(81), "a b"]) {
      expect((await errorOf(startWith({ name }))).name).toMatch(/InvalidName|ValidationException/);
    }
  });

  promised("an input that is no JSON is refused", async (world) => {
    const { startWith } = await openWait(world);
    expect((await errorOf(startWith({ text: "{" }))).name).toBe("InvalidExecutionInput");
  });

  promised("what is not there is neither stopped nor started", async (world) => {
    const { stateMachineArn } = await openWait(world);
    const { stepFunctions } = world.clients;
    const executionArn = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:none`;
    const stop = stepFunctions.send(new StopExecutionCommand({ executionArn }));
    expect((await errorOf(stop)).name).toBe("ExecutionDoesNotExist");
    const start = stepFunctions.send(new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}x` }));
    expect((await errorOf(start)).name).toBe("StateMachineDoesNotExist");
  });

  promised("an ARN that is none is refused", async (world) => {
    const stop = world.clients.stepFunctions.send(new StopExecutionCommand({ executionArn: "none" }));
    expect((await errorOf(stop)).name).toBe("InvalidArn");
  });

  promised("a token that is none is refused", async (world) => {
    const { succeed } = await openWait(world);
    expect((await errorOf(succeed("nonsense"))).name).toMatch(NOBODY_WAITS);
  });

  promised("a callback's output has to be JSON", async (world) => {
    const { start, putStep, token } = await openWait(world);
    await putStep();
    await start();
    const send = new SendTaskSuccessCommand({ taskToken: await token(), output: "{" });
    expect((await errorOf(world.clients.stepFunctions.send(send))).name).toBe("InvalidOutput");
  });
}
