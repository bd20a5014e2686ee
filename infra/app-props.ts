import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as logs from "aws-cdk-lib/aws-logs";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Loader } from "esbuild";
import type { IEngine, Waits } from "./engine-base.ts";

/** An app: the functions of one client, in one environment of an engine. */
export interface AppProps {
  /** The engine that wakes the app's runs: of this stack, of another one, or `Engine.fromName(...)`. */
  readonly engine: IEngine;

  /** The id of the client whose functions the entry serves: `new Stepwell({ id })`. Up to 64 of a-z, 0-9, "-" and "_". */
  readonly clientId: string;

  /**
   * The file that exports `handler = serve({ client, functions })`, from the directory in which the CDK runs. It is bundled with
   * everything that it imports, by esbuild, without Docker. Either this or `code`.
   *
   * @default - none; `code` has the handler
   */
  readonly entry?: string;

  /** How the entry is bundled. @default - minified, without source map */
  readonly bundling?: AppBundling;

  /** A Lambda's code that has been built otherwise. Its file `index` has to export `handler = serve(...)`. @default - the bundled entry */
  readonly code?: lambda.Code;

  /** Which environment of the engine the functions belong to. @default "main" */
  readonly environment?: string;

  /** How `step.waitForEvent` is called back. @default - as the engine says */
  readonly waits?: Waits;

  /** In MB, 128 to 10240. More memory is more CPU too. @default 512 */
  readonly memorySize?: number;

  /**
   * How long one invocation may last, from 30 seconds to 15 minutes. It bounds a single step, never a run: a run whose time is up goes
   * on in the next invocation. @default - 15 minutes
   */
  readonly timeout?: Duration;

  /**
   * Runs that one invocation carries at the same time, 1 to 10. With more than 1, they share memory, CPU, and the fate of a process that
   * crashes. @default 1
   */
  readonly batchSize?: number;

  /** Invocations at the same time, 2 to 1000. What does not fit waits in the run queue. @default - as many as the account allows */
  readonly maxConcurrency?: number;

  /** Environment variables of the functions. `STEPWELL_ENGINE` is set already. @default - none */
  readonly environmentVariables?: Readonly<Record<string, string>>;

  /** The network that the functions run in. AWS's own endpoints have to be reachable from it. @default - no VPC */
  readonly vpc?: ec2.IVpc;

  /** @default - the VPC's private subnets */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /** @default - one of its own, if there is a VPC */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];

  /** How long logs are kept. @default - one month */
  readonly logRetention?: logs.RetentionDays;

  /** Is told of the app's alarms. @default - the engine's topic */
  readonly alarmTopic?: sns.ITopic;

  /**
   * What happens to the logs and the queues when the app is removed. What is retained keeps its name, and stands in the way of deploying
   * the app again. Runs are the engine's, and always stay. @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** How an app's entry is bundled, by esbuild. */
export interface AppBundling {
  /** Packages that are not bundled: those of the Lambda runtime, or of a layer. @default - those of the AWS SDK that are rarely needed */
  readonly external?: readonly string[];

  /** Names that are replaced by constants: `{ "process.env.STAGE": '"production"' }`. @default - none */
  readonly define?: Readonly<Record<string, string>>;

  /** How files are loaded, by extension: `{ ".sql": "text" }`. @default - esbuild's own */
  readonly loader?: Readonly<Record<string, Loader>>;

  /** @default true */
  readonly minify?: boolean;

  /** Whether stack traces tell files and lines of the sources. Larger code, and a slower start. @default false */
  readonly sourceMap?: boolean;
}
