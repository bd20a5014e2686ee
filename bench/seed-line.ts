import type {
  AttributeValue,
  DynamoDBClient,
  PutItemCommandInput,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Clients } from "../lambdas/aws/clients.ts";
import { createWorld } from "../lambdas/aws/index.ts";
import { placeOf } from "../lambdas/engine/flow-keys.ts";
import { type FunctionMatch, findFunction } from "../lambdas/engine/match.ts";
import { startRun } from "../lambdas/router/start-run.ts";
import { realClock } from "../local/clock.ts";
import type { StoredEvent } from "../sdk/protocol/index.ts";
import { type Engine, sourceClient } from "./engine.ts";
import { putAll } from "./seed.ts";

type Item = Record<string, AttributeValue>;

/** How long ago the first of a seeded line got in it, so that the last did before now. In milliseconds. */
const AGO_MS = 3_600_000;

/**
 * Puts `count` runs of a function into the line before its only gate, as the router would have, without running anything: for each its
 * event with the data `{ n }`, its header, and its place in line, which is its number.
 */
export async function seedLine(engine: Engine, functionId: string, count: number): Promise<void> {
  const match = await matchOf(engine, functionId);
  const [trigger] = match.fn.triggers;
  const limit = match.fn.flow?.concurrency?.[0]?.limit;
  if (trigger?.kind !== "event" || limit === undefined) throw new Error("An event's function with a limit is needed.");
  const items: Item[] = [];
  const world = writingTo(engine, items);
  const since = Date.now() - AGO_MS;
  for (let n = 0; n < count; n++) {
    const at = since + n;
    const data = { json: JSON.stringify({ n }) };
    const event: StoredEvent = {
      v: 1,
      env: engine.binding.env,
      id: `seeded-${n}`,
      name: trigger.event,
      ts: at,
      at,
      data,
      hops: 0,
    };
    const place = placeOf(match, event);
    const { message } = startRun({ match, event, emits: [] }, at, { place });
    const { env, app, runId } = message;
    await world.events.put(event);
    await world.runs.park(message, { eventId: event.id, start: message });
    for (const gate of place?.gates ?? [])
      await world.lines.enqueue({
        env,
        app,
        functionId,
        runId,
        gate,
        limit,
        order: place?.order ?? "",
        nonce: runId,
        since: at,
      });
  }
  await putAll(engine.clientConfig(), items);
}

async function matchOf({ world, binding }: Engine, functionId: string): Promise<FunctionMatch> {
  const match = findFunction(await world.registry.apps(binding.env), sourceClient.id, functionId);
  if (match === undefined) throw new Error(`There is no function "${functionId}".`);
  return match;
}

/** The stores, so that items look as they make them; what they would write is kept, to be written in batches. */
function writingTo({ binding }: Engine, items: Item[]) {
  const send = async ({ input }: { input: PutItemCommandInput | UpdateItemCommandInput }) => {
    const item = "Item" in input ? (input.Item ?? {}) : created(input as UpdateItemCommandInput);
    items.push(item);
    return { Attributes: item };
  };
  const clients = { dynamodb: { send } as unknown as DynamoDBClient } as Clients;
  return createWorld(clients, binding, realClock());
}

/** What an update makes that sets attributes of an item which is not there. */
function created({ Key, UpdateExpression = "", ExpressionAttributeValues = {} }: UpdateItemCommandInput): Item {
  const sets = UpdateExpression.matchAll(/#(\w+) = (?:if_not_exists\(#\w+, )?(:\w+)/g);
  const set = [...sets].map(([, name, value]) => [name, ExpressionAttributeValues[value ?? ""]]);
  return { ...Key, ...Object.fromEntries(set) };
}
