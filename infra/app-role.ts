import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { IEngine } from "./engine-base.ts";
import { acknowledge, explainWildcards, type Permission, toStatement } from "./permission.ts";
import {
  consume,
  createSchedules,
  deleteSchedules,
  getPayloads,
  putEvents,
  putPayloads,
  send,
  startWaits,
  stopWaits,
  useKey,
  useTable,
  writeLogs,
} from "./permissions.ts";

export interface AppRoleProps {
  readonly engine: IEngine;
  readonly environment: string;
  readonly clientId: string;
  readonly runQueueArn: string;
  readonly logGroupArn: string;
}

/** The role of an app's Lambda: what its runs need, and of the table no more than what is the app's own or shared. */
export function appRole(scope: Construct, id: string, props: AppRoleProps): iam.Role {
  const { environment, clientId } = props;
  const permissions = appPermissions(scope, props);
  const role = new iam.Role(scope, id, {
    description: `Stepwell: runs of the app ${clientId} in the environment ${environment}`,
    assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: { own: new iam.PolicyDocument({ statements: permissions.map(toStatement) }) },
  });
  explainWildcards(role, permissions);
  return role;
}

const VPC_POLICY = "service-role/AWSLambdaVPCAccessExecutionRole";

/** For network interfaces. The CDK gives it to roles of its own making only, and Lambda refuses a function in a VPC without it. */
export function letIntoVpc(role: iam.Role): void {
  role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName(VPC_POLICY));
  acknowledge(
    role,
    `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${VPC_POLICY}]`,
    "AWS's own policy for a Lambda in a VPC: its network interfaces can be named by nobody beforehand.",
  );
}

function appPermissions(scope: Construct, props: AppRoleProps): readonly Permission[] {
  const { engine, environment: env, clientId: app, runQueueArn, logGroupArn } = props;
  const arns = engine.arns(scope);
  // As in lambdas/aws/keys.ts: its own runs and listeners; events, match paths and dead letters are shared.
  const own = [`${env}#${app}#*`];
  const shared = [`${env}#$#event#*`, `${env}#$#paths#*`];
  // Limits that the apps of the environment, or of all environments, share.
  const gates = [`${env}#$#slots#*`, `${env}#$#backlog#*`, "$#$#slots#*", "$#$#backlog#*"];
  return [
    useTable(arns, ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "ConditionCheckItem"], own),
    useTable(arns, ["GetItem", "UpdateItem"], shared),
    useTable(arns, ["PutItem"], [`${env}#$#dead`]),
    useTable(arns, ["PutItem", "UpdateItem", "DeleteItem", "Query"], gates),
    putPayloads(arns, `runs/${env}/${app}/`),
    putPayloads(arns, `events/${env}/`),
    // Of other apps too: a child's result is its parent's to read.
    getPayloads(arns),
    putEvents(arns),
    consume(runQueueArn),
    // A run sends itself its wake-ups, and holds its message while it works.
    { actions: ["sqs:SendMessage", "sqs:ChangeMessageVisibility"], resources: [runQueueArn] },
    send(arns.ingestQueue),
    ...createSchedules(arns),
    deleteSchedules(arns),
    startWaits(arns),
    stopWaits(arns),
    writeLogs(logGroupArn),
    ...(engine.hasEncryptionKey ? [useKey(scope, arns)] : []),
  ];
}
