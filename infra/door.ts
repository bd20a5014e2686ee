import { type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { DEFAULT_ENVIRONMENT, type DoorName, ENGINE_ENV_KEY, engineNames } from "../lambdas/contract.ts";
import { doorAsset } from "./door-asset.ts";
import type { IEngine } from "./engine-base.ts";
import { type Permission, serviceRole } from "./permission.ts";
import { useKey, writeLogs } from "./permissions.ts";

export interface DoorProps {
  readonly engine: IEngine;
  readonly door: DoorName;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly logRetention: logs.RetentionDays;
  readonly memorySize: number;
  readonly timeout: Duration;
}

/** One of the engine's own Lambdas, with its log group and its role. */
export class Door extends Construct {
  readonly lambda: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: DoorProps) {
    super(scope, id);
    const { engine, door, description, permissions, memorySize, timeout } = props;
    const names = engineNames(engine.engineName);
    this.logGroup = lambdaLogs(this, "Logs", names.door(door), props.logRetention);
    this.role = serviceRole(this, "Role", {
      name: names.role(door, Stack.of(this).region),
      service: "lambda.amazonaws.com",
      description,
      permissions: [
        writeLogs(this.logGroup.logGroupArn),
        ...permissions,
        ...(engine.hasEncryptionKey ? [useKey(this, engine.arns(this))] : []),
      ],
    });
    this.lambda = new lambda.Function(this, "Lambda", {
      functionName: names.door(door),
      description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(doorAsset(door)),
      handler: "index.handler",
      memorySize,
      timeout,
      role: this.role,
      logGroup: this.logGroup,
      // Doors serve all environments; this one is for what belongs to none.
      environment: {
        [ENGINE_ENV_KEY]: Stack.of(this).toJsonString({
          ...engine.binding(this, engine.environments[0] ?? DEFAULT_ENVIRONMENT),
          environments: engine.environments,
        }),
      },
      // The router wakes runs that send events: AWS would take that for an endless loop. There is a limit of hops instead.
      ...(door === "router" && { recursiveLoop: lambda.RecursiveLoop.ALLOW }),
    });
  }
}

/** Logs go with their Lambda: the data stays, and a new engine of that name finds no log group in its way. */
export const lambdaLogs = (scope: Construct, id: string, functionName: string, retention: logs.RetentionDays) =>
  new logs.LogGroup(scope, id, {
    logGroupName: `/aws/lambda/${functionName}`,
    retention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
