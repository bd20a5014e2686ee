import { type Duration, Stack } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sns from "aws-cdk-lib/aws-sns";
import { Construct, type IConstruct } from "constructs";
import { DEFAULT_ENVIRONMENT, ENGINE_ENV_KEY, type EngineBinding, engineNames } from "../lambdas/contract.ts";
import { bucketName, type EngineArns, engineArns, queueUrl } from "./engine-arns.ts";
import { explainWildcards, type Permission, toStatement } from "./permission.ts";
import { putEvents, putPayloads, useKey } from "./permissions.ts";

/** How `step.waitForEvent` is called back: by an execution of Step Functions, or by a timer. */
export type Waits = EngineBinding["waits"];

/** What an app has to know of its engine. All of it follows from names, so an app may be in any stack of the same account and region. */
export interface IEngine extends IConstruct {
  readonly engineName: string;
  readonly environments: readonly string[];
  /** How waits are called back, unless an app says otherwise. */
  readonly waits: Waits;
  /** How long finished runs stay readable. */
  readonly retention: Duration;
  /** Whether data is encrypted with a key of the customer's, which then has the alias `alias/<engineName>`. */
  readonly hasEncryptionKey: boolean;
  /** Whether there are alarms. */
  readonly alarms: boolean;
  /** Where alarms go. */
  readonly alarmTopic: sns.ITopic | undefined;

  /** ARNs of the engine's parts, for the account and region of `scope`. */
  arns(scope: Construct): EngineArns;

  /**
   * What a Lambda in the stack of `scope` has to know, for its environment variable `STEPWELL_ENGINE`. It has tokens: write it with
   * `Stack.of(scope).toJsonString(...)`.
   *
   * @throws Error when the engine has no such environment
   */
  binding(scope: Construct, environment: string): EngineBinding;

  /**
   * Lets a principal send events: PutEvents on the bus, and large data into the payload bucket. A Lambda is told its engine as well,
   * by the environment variable `STEPWELL_ENGINE`, so that `client.send(...)` works in it.
   *
   * @example engine.grantSend(checkoutLambda)
   */
  grantSend(grantee: iam.IGrantable, options?: GrantSendOptions): void;
}

/** What somebody who may send is given. */
export interface GrantSendOptions {
  /** The environment that events are sent to. @default "main" */
  readonly environment?: string;
}

/** What follows from an engine's name, whether it is made here or elsewhere. */
export abstract class EngineBase extends Construct implements IEngine {
  abstract readonly engineName: string;
  abstract readonly environments: readonly string[];
  abstract readonly waits: Waits;
  abstract readonly retention: Duration;
  abstract readonly hasEncryptionKey: boolean;
  abstract readonly alarms: boolean;
  abstract readonly alarmTopic: sns.ITopic | undefined;

  arns(scope: Construct): EngineArns {
    return engineArns(scope, this.engineName);
  }

  binding(scope: Construct, environment: string): EngineBinding {
    if (!this.environments.includes(environment))
      throw new Error(
        `The engine "${this.engineName}" has no environment "${environment}". It has: ${this.environments.join(", ")}. ` +
          "Add it to the `environments` of the Engine.",
      );
    const names = engineNames(this.engineName);
    const arns = this.arns(scope);
    return {
      engine: this.engineName,
      env: environment,
      tableName: names.table,
      busName: names.bus,
      ingestQueueUrl: queueUrl(scope, names.ingestQueue),
      ingestQueueArn: arns.ingestQueue,
      bucketName: bucketName(scope, this.engineName),
      waitMachineArn: arns.waitMachine,
      scheduleGroup: names.scheduleGroup,
      schedulerRoleArn: arns.schedulerRole,
      waits: this.waits,
      retentionDays: this.retention.toDays(),
    };
  }

  grantSend(grantee: iam.IGrantable, { environment = DEFAULT_ENVIRONMENT }: GrantSendOptions = {}): void {
    const binding = this.binding(this, environment);
    const arns = this.arns(this);
    const permissions: readonly Permission[] = [
      putEvents(arns),
      putPayloads(arns, `events/${environment}/`),
      ...(this.hasEncryptionKey ? [useKey(this, arns)] : []),
    ];
    for (const permission of permissions) grantee.grantPrincipal.addToPrincipalPolicy(toStatement(permission));
    const { grantPrincipal } = grantee;
    if (Construct.isConstruct(grantPrincipal)) explainWildcards(grantPrincipal, permissions);
    if (grantee instanceof lambda.Function)
      grantee.addEnvironment(ENGINE_ENV_KEY, Stack.of(grantee).toJsonString(binding));
  }
}
