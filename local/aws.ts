import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Activity } from "./activity.ts";
import { REGION } from "./arn.ts";
import { unsupported } from "./aws-error.ts";
import { type LocalClock, realClock, wholeSecond } from "./clock.ts";
import { closedError } from "./closed.ts";
import { consoleLog, type LocalLog } from "./log.ts";
import { createMeter, type Meter } from "./meter.ts";
import { type Random, seededRandom } from "./random.ts";
import { type ApiHandler, type LocalServer, startServer } from "./server.ts";
import { createDynamoDb, type DynamoDb } from "./services/dynamodb.ts";
import { createEventBridge, type EventBridge } from "./services/eventbridge.ts";
import { createLambda, type Lambda } from "./services/lambda.ts";
import { createS3, type S3 } from "./services/s3.ts";
import { createScheduler, type Scheduler } from "./services/scheduler.ts";
import { createSqs, type Sqs } from "./services/sqs.ts";
import { createStepFunctions, type StepFunctions } from "./services/step-functions.ts";
import { diskStorage, memoryStorage, type Storage } from "./store.ts";
import { createTimeDriver, type TimeDriver, untilQuiet } from "./time-driver.ts";
import { type InProcessHandler, inProcessHandler } from "./transport.ts";
import { patchDate } from "./virtual-date.ts";
import { type Dispatch, jsonError, type Service, type ServiceName, serviceOf } from "./wire.ts";

export interface LocalAwsOptions {
  /** @default - the machine's clock */
  readonly clock?: LocalClock;
  /** Where state lives. @default - memory */
  readonly dataDir?: string;
  /** @default - 0, a free one */
  readonly port?: number;
  /** Listens on, and answers to, this host as well as 127.0.0.1's names. @default - 127.0.0.1 */
  readonly host?: string;
  /** Of ids, tokens and chance. @default - 1 */
  readonly seed?: number;
  readonly log?: LocalLog;
  /** Schedules fire somewhere within the minute after their time, as in AWS. @default - on time */
  readonly jitter?: boolean;
}

/** Configuration of AWS SDK clients that talk to a local cloud in this process. */
export interface LocalClientConfig {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly requestHandler: InProcessHandler;
  readonly maxAttempts: number;
  readonly requestChecksumCalculation: "WHEN_REQUIRED";
  readonly responseChecksumValidation: "WHEN_REQUIRED";
  /** Of S3: buckets are in the path. */
  readonly forcePathStyle: true;
}

export interface LocalAws {
  readonly url: string;
  readonly clock: LocalClock;
  readonly dispatch: Dispatch;
  clientConfig(): LocalClientConfig;
  /** Answers requests to `/api` and below. */
  serveApi(handler: ApiHandler): void;
  readonly dynamodb: DynamoDb;
  readonly sqs: Sqs;
  readonly eventBridge: EventBridge;
  readonly scheduler: Scheduler;
  readonly stepFunctions: StepFunctions;
  readonly lambda: Lambda;
  readonly s3: S3;
  readonly meter: Meter;
  readonly time: TimeDriver;
  /** For who holds calls back: time stands still while there is any. */
  readonly activity: Activity;
  /** Seeded; another stream after each restart on the same data, so that names made from it stay unique. */
  readonly random: Random;
  /** Stops taking messages and requests, gives what is about to end a moment to do so, and abandons the rest. */
  close(): Promise<void>;
  /** Whether what is still running has been abandoned: its calls are refused from then on. */
  isClosed(): boolean;
}

/** What is under way when the cloud is closed may take this long to end, in real ms. */
const CLOSING_MS = 1_000;

/**
 * AWS in this process: one clock, one meter, one port. Two of them may live side by side.
 *
 * @example
 * ```ts
 * const aws = await createLocalAws({ clock: virtualClock() });
 * const sqs = new SQSClient(aws.clientConfig());
 * ```
 */
export async function createLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { clock = realClock(), log: logger = consoleLog, dataDir } = options;
  let closed = false;
  const isClosed = () => closed;
  const log: LocalLog = (...line) => closed || logger(...line);
  if (clock.kind === "virtual") patchDate();
  const storage = await openStorage(dataDir);
  await resumeTime(clock, storage);
  const random = seededRandom((options.seed ?? 1) + (await countStarts(storage)));
  const [meter, activity] = [createMeter(), new Activity()];
  let server: LocalServer | undefined;
  const base = { clock, random, meter, activity, log, url: () => server?.url ?? "" };
  const part = (name: string) => ({ ...base, store: storage.part(name) });

  const dynamodb = createDynamoDb({ meter, ...(dataDir !== undefined && { path: join(dataDir, "dynamodb") }) });
  const sqs = createSqs(part("sqs"));
  const eventBridge = createEventBridge({ ...part("events"), sqs });
  const scheduler = createScheduler({ ...part("scheduler"), sqs, jitter: options.jitter ?? false });
  const stepFunctions = createStepFunctions({ ...part("states"), sqs, dynamodb });
  const lambda = createLambda({ ...base, sqs });
  const s3 = createS3(part("s3"));
  const services = { dynamodb, sqs, eventBridge, scheduler, stepFunctions, lambda, s3 };
  const dispatch = createDispatch(services, activity, storage, isClosed);
  const api: { handler: ApiHandler | undefined } = { handler: undefined };
  const close = once(async () => {
    for (const { stop } of [lambda, scheduler, stepFunctions]) stop();
    await server?.close();
    await untilQuiet(activity, CLOSING_MS);
    closed = true;
    clock.stop();
    await storage.close();
    await dynamodb.close();
  });
  try {
    server = await startServer({ dispatch, api, port: options.port ?? 0, host: options.host, log });
    // In this order: a timer that is overdue may send at once.
    for (const service of [sqs, s3, eventBridge, scheduler, stepFunctions]) await service.restore();
  } catch (error) {
    await close();
    throw error;
  }
  const { url } = server;
  // Made once, here: it leaves the context of its callers for the one that it was made in.
  const requestHandler = inProcessHandler(dispatch);
  const clientConfig = () => toClientConfig(url, requestHandler);
  const serveApi = (handler: ApiHandler) => {
    api.handler = handler;
  };
  const time = createTimeDriver(rememberTime(clock, storage), activity);
  return { url, clock, dispatch, clientConfig, serveApi, ...services, meter, time, activity, random, close, isClosed };
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}

async function openStorage(dataDir: string | undefined): Promise<Storage> {
  if (dataDir === undefined) return memoryStorage();
  await mkdir(dataDir, { recursive: true });
  return diskStorage(join(dataDir, "services"));
}

/** Ids of an earlier start lie on disk: each start draws from a seed of its own. */
async function countStarts(storage: Storage): Promise<number> {
  const store = storage.part("cloud");
  const [[, starts] = ["starts", 0]] = await store.entries<number>("starts");
  store.put("starts", starts + 1);
  return starts;
}

/** A virtual clock goes on at the second after it stood, unless the real one is past that: what lies on disk is due by it. */
async function resumeTime(clock: LocalClock, storage: Storage): Promise<void> {
  if (clock.kind !== "virtual") return;
  const [[, stoodAt] = ["time", 0]] = await storage.part("cloud").entries<number>("time");
  clock.set(Math.max(wholeSecond(stoodAt, "ceil"), clock.now()));
}

function rememberTime(clock: LocalClock, storage: Storage): LocalClock {
  if (clock.kind !== "virtual") return clock;
  const store = storage.part("cloud");
  const set = (time: number) => {
    clock.set(time);
    store.put("time", time);
  };
  return { ...clock, set };
}

type Services = Pick<LocalAws, "dynamodb" | "sqs" | "eventBridge" | "scheduler" | "stepFunctions" | "lambda" | "s3">;

function createDispatch(services: Services, activity: Activity, storage: Storage, isClosed: () => boolean): Dispatch {
  const byScope: Record<ServiceName, Service> = {
    dynamodb: services.dynamodb.service,
    sqs: services.sqs.service,
    events: services.eventBridge.service,
    scheduler: services.scheduler.service,
    states: services.stepFunctions.service,
    lambda: services.lambda.service,
    s3: services.s3.service,
  };
  return async (request) => {
    if (isClosed()) throw closedError();
    const name = serviceOf(request) ?? `of ${request.method} ${request.path}`;
    if (!Object.hasOwn(byScope, name)) return jsonError(unsupported(`the service ${name}`, Object.keys(byScope)));
    const end = activity.begin();
    try {
      const response = await byScope[name as ServiceName](request);
      // Answered means durable.
      await storage.flush();
      return response;
    } finally {
      end();
    }
  };
}

/**
 * Signing costs more than the call, and nobody here checks it. The scope goes into the header where the SDK tells it (S3); the other
 * services are known by their target or their path.
 */
const signer = {
  sign: async <T extends { headers: Record<string, string> }>(
    request: T,
    options?: { readonly signingService?: string },
  ): Promise<T> => {
    const scope =
      options?.signingService === undefined ? "" : `/00000000/${REGION}/${options.signingService}/aws4_request`;
    request.headers.authorization = `AWS4-HMAC-SHA256 Credential=local${scope}, SignedHeaders=host, Signature=0`;
    return request;
  },
};

const toClientConfig = (
  endpoint: string,
  requestHandler: InProcessHandler,
): LocalClientConfig & { signer: typeof signer } => ({
  region: REGION,
  endpoint,
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  requestHandler,
  maxAttempts: 3,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  forcePathStyle: true,
  signer,
});
