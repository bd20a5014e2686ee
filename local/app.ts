import type { RunnerDeps } from "../lambdas/runner/deps.ts";
import type { AnyEvents, Stepwell } from "../sdk/index.ts";
import type { FunctionManifest } from "../sdk/protocol/index.ts";
import type { Gate } from "./gate.ts";
import type { FunctionOptions } from "./services/lambda.ts";
import type { LambdaHandler } from "./services/lambda-context.ts";

/** What is needed of a client. */
export type Client<S> = Pick<Stepwell<S>, "~events" | "id" | "environment" | "send" | "sendSignal" | "logger">;

/** What a local cloud gives the app that it runs. */
export interface Surroundings {
  /** Endpoint of the AWS services. */
  readonly url: string;
  /** Of the app's Lambda. */
  readonly functionName: string;
  readonly deps: Omit<RunnerDeps, "functions" | "codeVersion">;
}

/** An app as a Lambda. */
export interface AppLambda {
  readonly handler: LambdaHandler;
  /** How its time is billed. */
  readonly cost: NonNullable<FunctionOptions["cost"]>;
  /** @default - always open */
  readonly gate?: Gate;
  /** Asks for the manifest. @default - by an invocation */
  readonly askManifest?: () => Promise<unknown>;
}

/** The app that a local cloud runs: in this process, or in one of its own. */
export interface LocalApp {
  readonly client: Client<AnyEvents>;
  /** The functions in force. */
  functions(): readonly FunctionManifest[];
  lambda(around: Surroundings): AppLambda;
  /** Makes it ready for messages. Deploying is registering, now and whenever the code changes. */
  start(register: (codeVersion: string) => Promise<void>): Promise<void>;
  close(): Promise<void>;
  /** Of an app in a process of its own. */
  status?(): AppStatus;
}

/** The app's process. */
export interface AppStatus {
  /** Of the process that takes messages now; undefined while there is none. */
  readonly pid: number | undefined;
  /** How many processes there have been, of all versions of the code. */
  readonly starts: number;
  /** `local-1`, and one more for each reload. Runs record it. */
  readonly codeVersion: string;
}
