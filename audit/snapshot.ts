/** Reads a snapshot from an engine's AWS services. */
import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import { ListSchedulesCommand } from "@aws-sdk/client-scheduler";
import { ListExecutionsCommand } from "@aws-sdk/client-sfn";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Clients } from "../lambdas/aws/clients.ts";
import { type EngineBinding, engineNames } from "../lambdas/contract.ts";
import { RETENTION_DAYS_DEFAULT } from "../sdk/protocol/index.ts";
import type { Counts, Item, QueueCounts, QueuedMessage, Snapshot } from "./contract.ts";
import { appsIn } from "./facts.ts";

/** Where an engine's parts are. */
export type EngineParts = Pick<
  EngineBinding,
  "engine" | "tableName" | "waitMachineArn" | "scheduleGroup" | "ingestQueueUrl" | "retentionDays"
>;

export interface SnapshotReader {
  readonly clients: Clients;
  readonly binding: EngineParts;
  /** In ms since the epoch. */
  readonly now: () => number;
  /** Where they can be told; else they are counted. */
  readonly messages?: () => Promise<readonly QueuedMessage[]> | readonly QueuedMessage[];
  /** Keeps the values of events and steps, which may be large, and which no law asks for. */
  readonly withValues?: boolean;
  /** Called after each page of the table, with the items so far. */
  readonly onProgress?: (items: number) => void;
}

const DAY_MS = 86_400_000;

/**
 * Reads everything there is: the table by a consistent scan, a page after another, then timers, which become messages when they fire.
 * Messages are told before and after all that: whoever was under way at either time explains what is odd.
 */
export async function readSnapshot(reader: SnapshotReader): Promise<Snapshot> {
  const { clients, binding, now } = reader;
  const before = await reader.messages?.();
  const items = await scan(reader);
  const [schedules, executions] = await Promise.all([schedulesOf(clients, binding), executionsOf(clients, binding)]);
  const retentionMs = (binding.retentionDays ?? RETENTION_DAYS_DEFAULT) * DAY_MS;
  const after = await reader.messages?.();
  const mail =
    before === undefined || after === undefined
      ? { counts: await countsOf(clients, binding, items) }
      : { messages: union(before, after) };
  return { now: now(), items, schedules, executions, retentionMs, ...mail };
}

const union = (...lists: readonly (readonly QueuedMessage[])[]): readonly QueuedMessage[] => [
  ...new Map(lists.flat().map((message) => [JSON.stringify(message), message])).values(),
];

async function scan({ clients, binding, withValues, onProgress }: SnapshotReader): Promise<readonly Item[]> {
  const items: Item[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const command = new ScanCommand({
      TableName: binding.tableName,
      ConsistentRead: true,
      ...(from && { ExclusiveStartKey: from }),
    });
    const { Items = [], LastEvaluatedKey } = await clients.dynamodb.send(command);
    items.push(...Items.map((item) => unmarshall(withValues ? item : withoutValues(item)) as Item));
    onProgress?.(items.length);
    from = LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

const withoutValues = ({ data: _, json: __, ...item }: Record<string, AttributeValue>) => item;

async function schedulesOf(clients: Clients, { scheduleGroup }: EngineParts): Promise<readonly string[]> {
  const client = await clients.scheduler;
  return paged(async (NextToken) => {
    const page = await client.send(new ListSchedulesCommand({ GroupName: scheduleGroup, NextToken }));
    return { found: (page.Schedules ?? []).flatMap(({ Name }) => Name ?? []), next: page.NextToken };
  });
}

async function executionsOf(clients: Clients, { waitMachineArn }: EngineParts): Promise<readonly string[]> {
  const client = await clients.stepFunctions;
  return paged(async (nextToken) => {
    const about = { stateMachineArn: waitMachineArn, statusFilter: "RUNNING", maxResults: 1_000 } as const;
    const page = await client.send(new ListExecutionsCommand({ ...about, nextToken }));
    return { found: (page.executions ?? []).flatMap(({ name }) => name ?? []), next: page.nextToken };
  });
}

async function paged(
  read: (from: string | undefined) => Promise<{ found: readonly string[]; next: string | undefined }>,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (let from: string | undefined, isLast = false; !isLast; ) {
    const { found, next } = await read(from);
    all.push(...found);
    from = next;
    isLast = next === undefined;
  }
  return all;
}

async function countsOf(clients: Clients, binding: EngineParts, items: readonly Item[]): Promise<Counts> {
  const names = engineNames(binding.engine);
  const { ingestQueueUrl } = binding;
  const router = await countIn(clients, ingestQueueUrl, siblingOf(ingestQueueUrl, names.ingestDeadLetters));
  const counted = appsIn(items).map(async ({ env, manifest: { app }, queueUrl }) => {
    const counts = await countIn(clients, queueUrl, siblingOf(queueUrl, names.runDeadLetters(env, app)));
    return [`${env}/${app}`, counts] as const;
  });
  return { router, apps: Object.fromEntries(await Promise.all(counted)) };
}

/** The URL of another queue of the same account and region. */
const siblingOf = (queueUrl: string, name: string): string => queueUrl.replace(/[^/]+$/, name);

async function countIn(clients: Clients, ...queueUrls: readonly string[]): Promise<QueueCounts> {
  const counts = await Promise.all(queueUrls.map((url) => countOf(clients, url)));
  return counts.reduce((a, b) => ({ busy: a.busy + b.busy, delayed: a.delayed + b.delayed }));
}

async function countOf({ sqs }: Clients, QueueUrl: string): Promise<QueueCounts> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  const {
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: inflight,
    ApproximateNumberOfMessagesDelayed: delayed,
  } = Attributes;
  return { busy: Number(visible ?? 0) + Number(inflight ?? 0), delayed: Number(delayed ?? 0) };
}
