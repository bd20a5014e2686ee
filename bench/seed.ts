import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { LocalCloud } from "stepwell/local";
import { listenerPartition, stepKey } from "../lambdas/aws/keys.ts";
import { DEFAULT_ENGINE, DEFAULT_ENVIRONMENT, engineNames } from "../lambdas/contract.ts";
import { type Condition, listenerKey } from "../lambdas/engine/listeners.ts";
import { client } from "./cloud.ts";

const BATCH_MAX = 25;
const HOUR_MS = 3_600_000;

/** A wait as its run would have asked for it. */
export interface Waiter {
  readonly event: string;
  readonly condition: Condition;
  /** The event that has triggered the run. */
  readonly trigger: object;
}

/**
 * Writes the step and the listener of `count` waits straight into the table, as the runner would have, without running anything. The
 * match paths of the event's name become known when a real run waits for it.
 */
export async function seedWaiters(cloud: LocalCloud, count: number, waiterOf: (n: number) => Waiter): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const items = Array.from({ length: count }, (_, n) => itemsOf(waiterOf(n), n)).flat();
  const marshalled = items.map((item) => marshall(item, { removeUndefinedValues: true }));
  await putAll({ endpoint: cloud.url, region: "us-east-1", credentials }, marshalled);
}

/** Writes items into the one table, in batches. */
export async function putAll(
  config: DynamoDBClientConfig,
  items: readonly Record<string, AttributeValue>[],
): Promise<void> {
  const dynamodb = new DynamoDBClient(config);
  const table = engineNames(DEFAULT_ENGINE).table;
  for (let i = 0; i < items.length; i += BATCH_MAX) {
    const requests = items.slice(i, i + BATCH_MAX).map((Item) => ({ PutRequest: { Item } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  }
  dynamodb.destroy();
}

function itemsOf({ event, condition, trigger }: Waiter, n: number): readonly object[] {
  const [env, app, now] = [DEFAULT_ENVIRONMENT, client.id, Date.now()];
  const runId = String(n).padStart(26, "0");
  const key = listenerKey(condition, trigger);
  if (key === undefined) throw new Error("The trigger has no value at the path of the condition.");
  const pk = listenerPartition(env, app, event, key.match);
  const times = { startedAt: now, until: now + HOUR_MS };
  const id = `wait-${event}`;
  const step = {
    ...stepKey({ env, app, runId }, id),
    v: 1,
    key: id,
    id,
    kind: "waitForEvent",
    fence: 1,
    attempts: 0,
    ...times,
    wait: JSON.stringify({ event, listeners: [pk], via: "stepFunctions" }),
  };
  const listener = {
    v: 1,
    pk,
    sk: `${runId}#${id}`,
    env,
    app,
    functionId: "seeded",
    runId,
    stepKey: id,
    event,
    since: now,
    until: times.until,
    ...(key.rest && { if: key.rest.if, trigger: JSON.stringify({ json: JSON.stringify(key.rest.trigger) }) }),
  };
  return [step, listener];
}
