import { Duration } from "aws-cdk-lib";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { DEFAULT_ENVIRONMENT } from "../lambdas/contract.ts";
import { EngineBase, type Waits } from "./engine-base.ts";
import { checkEngine } from "./engine-check.ts";

/** What an app cannot know of an engine that another CDK app has deployed. It has to say the same as that engine's props. */
export interface EngineAttributes {
  /** @default ["main"] */
  readonly environments?: readonly string[];
  /** @default "stepFunctions" */
  readonly waits?: Waits;
  /** @default - 30 days */
  readonly retention?: Duration;
  /** Whether the engine has an `encryptionKey`. @default false */
  readonly hasEncryptionKey?: boolean;
  /** Whether apps get alarms. @default true */
  readonly alarms?: boolean;
  /** Where alarms of apps go. @default - nowhere; they are seen in CloudWatch */
  readonly alarmTopic?: sns.ITopic;
}

/** An engine that is deployed elsewhere, in the same account and region. */
export class EngineReference extends EngineBase {
  readonly engineName: string;
  readonly environments: readonly string[];
  readonly waits: Waits;
  readonly retention: Duration;
  readonly hasEncryptionKey: boolean;
  readonly alarms: boolean;
  readonly alarmTopic: sns.ITopic | undefined;

  constructor(scope: Construct, id: string, engineName: string, attributes: EngineAttributes) {
    super(scope, id);
    this.engineName = engineName;
    this.environments = attributes.environments ?? [DEFAULT_ENVIRONMENT];
    this.waits = attributes.waits ?? "stepFunctions";
    this.retention = attributes.retention ?? Duration.days(30);
    this.hasEncryptionKey = attributes.hasEncryptionKey ?? false;
    this.alarms = attributes.alarms ?? true;
    this.alarmTopic = attributes.alarmTopic;
    checkEngine(this);
  }
}
