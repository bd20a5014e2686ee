import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { engineNames } from "../../lambdas/contract.ts";
import type { Stage } from "./harness.ts";

export type Item = Record<string, unknown> & { readonly pk: string; readonly sk: string };

export interface Audit {
  readonly problems: readonly string[];
  /** Runs by function. */
  readonly runs: Readonly<Record<string, number>>;
}

/** The laws at rest, from the tables and the queues alone. */
export async function audit(stage: Stage): Promise<Audit> {
  const items = await allItems(stage);
  const headers = items.filter(({ sk }) => sk === "header");
  const runs: Record<string, number> = {};
  for (const { functionId } of headers.sort((a, b) => (String(a.functionId) < String(b.functionId) ? -1 : 1)))
    runs[String(functionId)] = (runs[String(functionId)] ?? 0) + 1;
  const problems = [
    ...headers.flatMap(headerProblems),
    ...items.filter(({ pk }) => pk.includes("#listener#")).map(({ pk, sk }) => `a listener is left: ${pk} ${sk} (L7)`),
    ...items.filter(({ pk }) => pk.includes("#slots#")).flatMap(slotProblems),
    ...items.filter(({ pk }) => pk.includes("#backlog#")).map(({ sk }) => `a run is left in line: ${sk} (L5)`),
    ...items.filter(({ sk }) => sk.startsWith("step#")).flatMap((item) => stepProblems(stage, item)),
    ...items.filter(({ pk }) => pk.endsWith("#dead")).map(({ body }) => `a dead letter: ${body} (L8)`),
    ...handedProblems(stage),
    ...queueProblems(stage),
    ...executionProblems(stage),
    ...(await scheduleProblems(stage)),
    ...stage.swept.map((runId) => `the sweeper had to wake ${runId} (L3)`),
  ];
  return { problems, runs };
}

export async function allItems({ aws, provisioned }: Stage): Promise<Item[]> {
  const { Items } = await aws.dynamodb.call("Scan", { TableName: provisioned.binding.tableName });
  return (Items as Parameters<typeof unmarshall>[0][]).map((item) => unmarshall(item) as Item);
}

/** At rest nobody holds a slot, and none is kept free for anybody. */
const slotProblems = ({ pk, sk, holders = {}, promised = {} }: Item): string[] => [
  ...Object.keys(holders as object).map((runId) => `${runId} holds a slot of ${pk}/${sk} (L5)`),
  ...Object.keys(promised as object).map((runId) => `${runId} is still promised a slot of ${pk}/${sk} (L5)`),
];

function headerProblems(header: Item): string[] {
  const problems: string[] = [];
  const about = `${header.functionId} ${header.runId}`;
  if (header.status === "active") problems.push(`${about} has not ended (L3)`);
  for (const name of ["owner", "by", "guard", "leaseUntil"])
    if (header[name] !== undefined) problems.push(`${about} still has "${name}" (L6)`);
  for (const name of ["gsi2pk", "gsi2sk", "retryAt"])
    if (header[name] !== undefined) problems.push(`${about} is still due: "${name}" (L3)`);
  return problems;
}

function stepProblems({ notebook }: Stage, step: Item): string[] {
  if (step.outcome === undefined)
    return step.kind === "sleep" ? [] : [`the step "${step.id}" of an ended run is open (L6)`];
  const seen = notebook.handed.get(String(step.id));
  if (seen === undefined || step.kind !== "run" || step.outcome !== "ok") return [];
  if (seen.has(String(step.data))) return [];
  return [`the step "${step.id}" has stored ${step.data}, and the code got ${[...seen].join(" and ")} (L1)`];
}

/** Results never change: whatever replay, the code gets the same. */
const handedProblems = ({ notebook }: Stage): string[] =>
  [...notebook.handed].flatMap(([id, seen]) =>
    seen.size > 1 ? [`the code got different results of "${id}": ${[...seen].join(" and ")} (L1)`] : [],
  );

function queueProblems({ aws, provisioned }: Stage): string[] {
  const names = engineNames(provisioned.binding.engine);
  const queues = [names.ingestQueue, names.ingestDeadLetters, names.runQueue("main", "laws")];
  return [...queues, names.runDeadLetters("main", "laws")].flatMap((queue) =>
    aws.sqs.messages(queue).map(({ body, state }) => `a message is left in ${queue} (${state}): ${body}`),
  );
}

const executionProblems = ({ aws, provisioned }: Stage): string[] =>
  aws.stepFunctions
    .executions(engineNames(provisioned.binding.engine).waitMachine)
    .filter(({ status }) => status === "RUNNING")
    .map(({ name }) => `the execution ${name} still runs (L6)`);

async function scheduleProblems({ aws }: Stage): Promise<string[]> {
  const { Schedules } = await new SchedulerClient(aws.clientConfig()).send(new ListSchedulesCommand({}));
  return (Schedules ?? [])
    .filter(({ Name }) => !Name?.startsWith("cron-"))
    .map(({ Name }) => `the schedule ${Name} is left`);
}
