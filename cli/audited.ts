import type { Snapshot } from "../audit/index.ts";
import { type EngineParts, readSnapshot, type SnapshotReader } from "../audit/snapshot.ts";
import { type Clients, clientConfigOf, createClients } from "../lambdas/aws/clients.ts";
import { DEFAULT_ENGINE, engineNames } from "../lambdas/contract.ts";
import { arnOf } from "../local/arn.ts";
import { explained, findEngine } from "./engine-cloud.ts";
import { UsageFailure } from "./failure.ts";
import { baseOf, queuesOfLocal } from "./local-cloud.ts";
import { useRegion } from "./region.ts";

export interface AuditedOptions {
  readonly url: string;
  readonly engine?: string;
  readonly region?: string;
}

/** An engine that is to be audited. */
export interface Auditable {
  /** For messages. */
  readonly name: string;
  readonly clients: Clients;
  readonly ingestQueueUrl: string;
  /** What is found is looked for again after so long, in milliseconds. */
  readonly pauseMs: number;
  read(onProgress: (items: number) => void): Promise<Snapshot>;
  /** Says what is missing when AWS refuses. */
  attempt<T>(call: () => Promise<T>): Promise<T>;
}

export async function openAuditable(options: AuditedOptions): Promise<Auditable> {
  const { engine, region, url } = options;
  if (engine !== undefined) return openEngine(engine, region);
  if (region === undefined) return openLocal(url);
  throw new UsageFailure("--region is for a deployed engine.", { advice: "Name it as well: --engine stepwell" });
}

/** A reading of a large table takes minutes, and a message comes back in seconds. */
const ENGINE_PAUSE_MS = 10_000;
const LOCAL_PAUSE_MS = 500;

async function openEngine(engine: string, region: string | undefined): Promise<Auditable> {
  useRegion(region);
  const binding = await findEngine(engine);
  const clients = createClients(clientConfigOf(binding));
  const attempt: Auditable["attempt"] = (call) => explained(engine, call);
  const reader: SnapshotReader = { clients, binding, now: Date.now };
  const read: Auditable["read"] = (onProgress) => attempt(() => readSnapshot({ ...reader, onProgress }));
  const { ingestQueueUrl } = binding;
  return { name: `the engine ${engine}`, clients, ingestQueueUrl, pauseMs: ENGINE_PAUSE_MS, read, attempt };
}

/** A local cloud tells its messages, and has a clock of its own. */
function openLocal(url: string): Auditable {
  const base = baseOf(url);
  const clients = createClients(clientConfigOf({ endpoint: base }));
  const binding = localParts(base);
  const read: Auditable["read"] = async (onProgress) => {
    let now = 0;
    const messages = async () => {
      const queues = await queuesOfLocal(base);
      now = queues.now;
      return queues.messages;
    };
    return readSnapshot({ clients, binding, now: () => now, messages, onProgress });
  };
  const { ingestQueueUrl } = binding;
  const name = `the local cloud at ${base}`;
  return { name, clients, ingestQueueUrl, pauseMs: LOCAL_PAUSE_MS, read, attempt: (call) => call() };
}

function localParts(base: string): EngineParts {
  const names = engineNames(DEFAULT_ENGINE);
  return {
    engine: DEFAULT_ENGINE,
    tableName: names.table,
    scheduleGroup: names.scheduleGroup,
    waitMachineArn: arnOf("states", `stateMachine:${names.waitMachine}`),
    ingestQueueUrl: `${base}/${names.ingestQueue}`,
  };
}
