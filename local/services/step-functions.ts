import { arnOf } from "../arn.ts";
import { AwsError, unsupported } from "../aws-error.ts";
import { type Input, optionalNumber, optionalText, text } from "../input.ts";
import { type JsonOperation, jsonService, type Service } from "../wire.ts";
import { type Machine, parseMachine } from "./asl.ts";
import { StateError } from "./asl-values.ts";
import { type Execution, type ExecutionDeps, Executions, executionArn, isToken } from "./executions.ts";

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/;
const EXECUTION_ARN = /^arn:aws:states:[^:]+:\d{12}:execution:[^:]+:[^:]+$/;
const INPUT_BYTES_MAX = 256 * 1024;

interface StateMachine {
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly createdAt: number;
}

export interface StepFunctions {
  readonly service: Service;
  /** Makes a state machine, or gives it a new definition. Returns its ARN. */
  putStateMachine(name: string, definition: object): string;
  /** For tests and tools: all executions of a machine, the newest first. */
  executions(machine: string): readonly Readonly<Execution>[];
  restore(): Promise<void>;
  stop(): void;
}

export function createStepFunctions(deps: ExecutionDeps): StepFunctions {
  const machines = new Map<string, StateMachine & { readonly parsed: Machine }>();
  const named = (name: string) => {
    const found = machines.get(name);
    if (found === undefined) throw new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${name}'`);
    return found;
  };
  const executions = new Executions(deps, (name) => named(name).parsed);
  const put = (machine: StateMachine) => {
    machines.set(machine.name, { ...machine, parsed: parseMachine(machine.definition) });
    deps.store.put(`machine/${machine.name}`, machine);
    return machineArn(machine.name);
  };
  const putStateMachine: StepFunctions["putStateMachine"] = (name, definition) =>
    put({ name, definition: JSON.stringify(definition), roleArn: LOCAL_ROLE, createdAt: deps.clock.now() });
  const restore = async () => {
    for (const [, machine] of await deps.store.entries<StateMachine>("machine/")) put(machine);
    for (const [, execution] of await deps.store.entries<Execution>("execution/")) executions.restore(execution);
  };
  const service = jsonService(
    "Step Functions",
    {
      ...machineOperations({ named, put, has: (name) => machines.has(name), now: deps.clock.now }),
      ...executionOperations({ executions, named, deps }),
      ...callbackOperations(executions),
    },
    { count: (operation) => deps.meter.call("sfn", operation) },
  );
  const stop = () => executions.close();
  return { service, putStateMachine, executions: (machine) => executions.list(machine), restore, stop };
}

const LOCAL_ROLE = "arn:aws:iam::000000000000:role/local";
const machineArn = (name: string) => arnOf("states", `stateMachine:${name}`);
const nameIn = (arn: string) => arn.split(":").at(-1) ?? "";
const seconds = (ms: number) => ms / 1000;

interface MachineTools {
  readonly named: (name: string) => StateMachine;
  readonly put: (machine: StateMachine) => string;
  readonly has: (name: string) => boolean;
  readonly now: () => number;
}

const machineOperations = ({ named, put, has, now }: MachineTools): Record<string, JsonOperation> => ({
  CreateStateMachine: (input) => {
    if (input.type === "EXPRESS") throw unsupported("Step Functions EXPRESS workflows", ["STANDARD"]);
    const machine = {
      name: checkName(text(input, "name")),
      definition: text(input, "definition"),
      roleArn: text(input, "roleArn"),
      createdAt: now(),
    };
    const existing = has(machine.name) ? named(machine.name) : undefined;
    const arn = machineArn(machine.name);
    if (existing === undefined) put(machine);
    else if (existing.definition !== machine.definition || existing.roleArn !== machine.roleArn) {
      throw new AwsError("StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`);
    }
    return { stateMachineArn: arn, creationDate: seconds(existing?.createdAt ?? machine.createdAt) };
  },
  DescribeStateMachine: (input) => {
    const { name, definition, roleArn, createdAt } = named(nameIn(text(input, "stateMachineArn")));
    const creationDate = seconds(createdAt);
    return {
      stateMachineArn: machineArn(name),
      name,
      status: "ACTIVE",
      definition,
      roleArn,
      type: "STANDARD",
      creationDate,
    };
  },
  UpdateStateMachine: (input) => {
    const machine = named(nameIn(text(input, "stateMachineArn")));
    const definition = optionalText(input, "definition") ?? machine.definition;
    const { name, createdAt } = machine;
    put({ name, createdAt, definition, roleArn: optionalText(input, "roleArn") ?? machine.roleArn });
    return { updateDate: seconds(now()) };
  },
});

interface ExecutionTools {
  readonly executions: Executions;
  readonly named: (name: string) => StateMachine;
  readonly deps: ExecutionDeps;
}

function executionOperations({ executions, named, deps }: ExecutionTools): Record<string, JsonOperation> {
  const existing = (input: Input) => {
    const arn = text(input, "executionArn");
    if (!EXECUTION_ARN.test(arn)) throw new AwsError("InvalidArn", `Invalid Arn: '${arn}'`);
    const found = executions.get(arn);
    if (found === undefined) throw new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
    return found;
  };
  return {
    StartExecution: (input) => {
      const machine = named(nameIn(text(input, "stateMachineArn"))).name;
      const name = checkName(optionalText(input, "name") ?? deps.random.uuid());
      const payload = checkInput(optionalText(input, "input") ?? "{}");
      const arn = executionArn({ machine, name });
      const before = executions.get(arn);
      if (before !== undefined && (before.status !== "RUNNING" || before.input !== payload)) {
        throw new AwsError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);
      }
      const { startedAt } = before ?? executions.start(machine, name, payload);
      return { executionArn: arn, startDate: seconds(startedAt) };
    },
    StopExecution: (input) => {
      const execution = existing(input);
      executions.stop(execution, optionalText(input, "error"), optionalText(input, "cause"));
      return { stopDate: seconds(execution.stoppedAt ?? deps.clock.now()) };
    },
    DescribeExecution: (input) => {
      const execution = existing(input);
      const { input: payload, error, cause, status } = execution;
      // The states here pass their input on.
      return {
        ...summary(execution),
        input: payload,
        error,
        cause,
        ...(status === "SUCCEEDED" && { output: payload }),
      };
    },
    ListExecutions: (input) => {
      const status = optionalText(input, "statusFilter");
      const all = executions.list(named(nameIn(text(input, "stateMachineArn"))).name);
      const found = all.filter((execution) => status === undefined || execution.status === status);
      const from = Number(optionalText(input, "nextToken") ?? 0);
      const to = from + (optionalNumber(input, "maxResults") ?? 100);
      return { executions: found.slice(from, to).map(summary), ...(to < found.length && { nextToken: String(to) }) };
    },
  };
}

const callbackOperations = (executions: Executions): Record<string, JsonOperation> => ({
  SendTaskSuccess: (input) => {
    const token = checkToken(input);
    parseOutput(text(input, "output"));
    executions.callback(token);
  },
  SendTaskFailure: (input) => {
    const [error, cause] = [optionalText(input, "error"), optionalText(input, "cause")];
    executions.callback(checkToken(input), new StateError(error ?? "States.TaskFailed", cause ?? ""));
  },
});

const summary = (execution: Execution) => ({
  executionArn: executionArn(execution),
  stateMachineArn: machineArn(execution.machine),
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startedAt),
  ...(execution.stoppedAt !== undefined && { stopDate: seconds(execution.stoppedAt) }),
});

function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new AwsError("InvalidName", `Invalid Name: '${name}': 1 to 80 characters, no spaces, brackets or wildcards.`);
}

function checkInput(input: string): string {
  if (Buffer.byteLength(input) > INPUT_BYTES_MAX || !isJson(input)) {
    throw new AwsError("InvalidExecutionInput", `The input must be JSON of at most ${INPUT_BYTES_MAX} bytes.`);
  }
  return input;
}

function checkToken(input: Input): string {
  const token = text(input, "taskToken");
  if (!isToken(token)) throw new AwsError("InvalidToken", "Invalid Token: 'Invalid token'");
  return token;
}

function parseOutput(output: string): void {
  if (!isJson(output)) throw new AwsError("InvalidOutput", "The output is not JSON.");
}

function isJson(input: string): boolean {
  try {
    JSON.parse(input);
    return true;
  } catch {
    return false;
  }
}
