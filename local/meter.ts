import { AsyncLocalStorage } from "node:async_hooks";

/** What has been used so far. */
export interface Usage {
  /** AWS API calls by `<service>.<Operation>`, also those that AWS services make on the user's bill. */
  readonly calls: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Invocations of apps' Lambdas: the runner's. The engine's own doors are in `dollars`. */
  readonly invocations: number;
  readonly dollars: number;
}

/** Names of the services in `calls`: those of the SDK's packages (`@aws-sdk/client-…`). */
export type MeteredService = "dynamodb" | "sqs" | "eventbridge" | "scheduler" | "sfn" | "lambda" | "s3";

/** What is billed, each in its own unit. */
export type Billed =
  | "writeUnits"
  | "readUnits"
  | "eventEntries"
  | "queueRequests"
  | "schedulerInvocations"
  | "transitions"
  | "objectWrites"
  | "objectReads"
  | "lambdaRequests"
  | "appInvocations"
  | "lambdaMs";

/** Dollars a unit, us-east-1, November 2026. */
const LAMBDA_GB = 0.5;
const PRICES: Readonly<Record<Billed, number>> = {
  writeUnits: 0.625e-6,
  readUnits: 0.125e-6,
  eventEntries: 1e-6,
  queueRequests: 0.4e-6,
  schedulerInvocations: 1e-6,
  transitions: 25e-6,
  objectWrites: 5e-6,
  objectReads: 0.4e-6,
  lambdaRequests: 0.2e-6,
  appInvocations: 0,
  lambdaMs: (0.0000133334 * LAMBDA_GB) / 1000,
};

/** EventBridge and SQS bill payloads by started 64 KB. */
const CHUNK_BYTES = 64 * 1024;
export const chunks = (bytes: number): number => Math.max(1, Math.ceil(bytes / CHUNK_BYTES));

const off = new AsyncLocalStorage<true>();

/** Runs something that a real account would not be billed for: the tools of the local cloud itself. */
export const offTheBill = <T>(fn: () => T): T => off.run(true, fn);

export const isOffTheBill = (): boolean => off.getStore() === true;

export interface Meter {
  call(service: MeteredService, operation: string): void;
  bill(what: Billed, amount: number): void;
  snapshot(): Usage;
  reset(): void;
}

export function createMeter(): Meter {
  let calls: Record<string, number> = {};
  let billed: Partial<Record<Billed, number>> = {};
  const of = (what: Billed) => billed[what] ?? 0;
  const dollars = () => (Object.keys(PRICES) as Billed[]).reduce((sum, what) => sum + of(what) * PRICES[what], 0);
  return {
    call: (service, operation) => {
      if (isOffTheBill()) return;
      const key = `${service}.${operation}`;
      calls[key] = (calls[key] ?? 0) + 1;
    },
    bill: (what, amount) => {
      if (isOffTheBill()) return;
      billed[what] = of(what) + amount;
    },
    snapshot: () => ({
      calls: { ...calls },
      writeUnits: of("writeUnits"),
      readUnits: of("readUnits"),
      invocations: of("appInvocations"),
      dollars: dollars(),
    }),
    reset: () => {
      calls = {};
      billed = {};
    },
  };
}

/** What was used between two snapshots; calls that were not made in between are left out. */
export function difference(before: Usage, after: Usage): Usage {
  const grown = Object.entries(after.calls)
    .map(([key, count]) => [key, count - (before.calls[key] ?? 0)] as const)
    .filter(([, count]) => count !== 0);
  return {
    calls: Object.fromEntries(grown),
    writeUnits: after.writeUnits - before.writeUnits,
    readUnits: after.readUnits - before.readUnits,
    invocations: after.invocations - before.invocations,
    dollars: after.dollars - before.dollars,
  };
}
