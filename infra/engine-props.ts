import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as logs from "aws-cdk-lib/aws-logs";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Waits } from "./engine-base.ts";

/** Options of an `Engine`. */
export interface EngineProps {
  /**
   * All physical names are made of it: up to 20 of a-z, 0-9 and "-". One account and region can have several engines of different names.
   *
   * @default "stepwell"
   */
  readonly name?: string;

  /**
   * Separate worlds within one engine: events of one environment never start or wake functions of another. Events of other buses
   * belong to "main".
   *
   * @default ["main"]
   */
  readonly environments?: readonly string[];

  /** How `step.waitForEvent` is called back, for apps that do not say it themselves. @default "stepFunctions" */
  readonly waits?: Waits;

  /** How long finished runs stay readable, in whole days. @default - 30 days */
  readonly retention?: Duration;

  /** How long the logs of the engine's Lambdas are kept. @default - one month */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Encrypts the table, the queues, the bus and the payloads. It is of the same account and region, and is given the alias
   * `alias/<name>`. A key that this CDK app does not own needs the statements of `docs/permissions.md` in its policy.
   *
   * @default - keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /** Whether there are alarms, for the engine and for its apps. @default true */
  readonly alarms?: boolean;

  /** Is told of every alarm. @default - nobody; alarms are seen in CloudWatch */
  readonly alarmTopic?: sns.ITopic;

  /**
   * What happens to the table and the payloads when the engine is removed. With `RETAIN` the table is protected against deletion too.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /** The Lambda that takes in events. */
  readonly router?: RouterProps;
}

/** Size and speed of the engine's router. */
export interface RouterProps {
  /** In MB. @default 512 */
  readonly memorySize?: number;
  /** @default - 60 seconds */
  readonly timeout?: Duration;
  /** Messages of one invocation, 1 to 10. @default 10 */
  readonly batchSize?: number;
  /** Invocations at the same time, 2 to 1000. @default - as many as the account allows */
  readonly maxConcurrency?: number;
}
