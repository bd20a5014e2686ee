import type { Clock } from "../../sdk/protocol/index.ts";
import type { EngineBinding } from "../contract.ts";
import { createAppWorld } from "./app-world.ts";
import { createBucketStore } from "./bucket-store.ts";
import type { Clients } from "./clients.ts";
import { createMemberStore } from "./member-store.ts";
import { createPaceStore } from "./pace-store.ts";
import { createRegistryStore } from "./registry-store.ts";

/** Everything that the doors do in AWS, for one engine: what no app has to carry is here alone. */
export function createWorld(clients: Clients, binding: EngineBinding, clock: Clock) {
  const world = createAppWorld(clients, binding, clock);
  const { table, retentionMs } = world;
  return {
    ...world,
    buckets: createBucketStore(table, retentionMs),
    members: createMemberStore(table, retentionMs),
    registry: createRegistryStore(table, () => clock.now()),
    paces: createPaceStore(table),
  };
}

export type World = ReturnType<typeof createWorld>;

export { holdName, lockKey, paceKey, retryName, startName, waitName } from "./keys.ts";
