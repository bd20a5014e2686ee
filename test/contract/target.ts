import type { clients } from "../local/clients.ts";

/** The suites by the service that they are about. */
export type ServiceName = "dynamodb" | "sqs" | "events" | "scheduler" | "stepFunctions" | "lambda" | "s3";

export const SERVICES: readonly ServiceName[] = [
  "dynamodb",
  "sqs",
  "events",
  "scheduler",
  "stepFunctions",
  "lambda",
  "s3",
];

/** Something that claims to be AWS, or is. */
export interface Target {
  readonly name: string;
  readonly services: readonly ServiceName[];
  /** Why it cannot be played here. @default - it can */
  readonly missing?: string | undefined;
  /**
   * The sentences that it breaks, and how it does; "…" at the end or the beginning of one stands for any. Such a test has to fail, or
   * else the list is out of date.
   *
   * @default - it keeps all of them
   */
  readonly differences?: Differences;
  /** Tests that let more of its time pass are left out. In seconds. @default - none are */
  readonly waitSecondsMax?: number;
  /** How long an effect may take to show, in seconds of its clock. */
  readonly patienceSeconds: number;
  /** Its time is its own, so that tests have to take turns. */
  readonly oneByOne?: boolean;
  start(): Promise<Place>;
}

/** What is broken only sometimes is not played. */
export type Differences = Readonly<Record<string, string | { readonly sometimes: string }>>;

/** A target that is running. */
export interface Place {
  readonly clients: ReturnType<typeof clients>;
  readonly account: string;
  readonly region: string;
  /** What Scheduler, the wait machine and Lambda may act as. @default - nobody checks */
  readonly roleArn?: string;
  /** Everything in it ends with it: nothing has to be removed. */
  readonly disposable?: true;
  /** In milliseconds since the epoch. */
  now(): number;
  pass(ms: number): Promise<void>;
  /** Makes a Lambda function where that is no matter of the API. */
  register?(name: string, source: string): Promise<void>;
  stop(): Promise<void>;
}

/** A sentence of the contract. */
export type Promised = (sentence: string, body: (world: World) => Promise<void>, options?: PromiseOptions) => void;

export interface PromiseOptions {
  /** How much time the test lets pass, in seconds. @default - next to none */
  readonly seconds?: number;
}

/** A running target, and what the suites have there. */
export interface World extends Place {
  /** A name that nobody else has: 40 characters of a-z, 0-9 and "-" at most. */
  unique(what: string): string;
  /** The first answer that is not undefined, at the latest when the target's patience is over. */
  eventually<T>(look: () => Promise<T | undefined>): Promise<T>;
  /** What is made once for all tests of the target. */
  once<T>(what: string, make: () => Promise<T>): Promise<T>;
  /** Removes something when all tests of the target are over, the latest first. */
  atEnd(remove: () => Promise<unknown>): void;
}
