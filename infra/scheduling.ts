import { Duration, Stack } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import type { Construct } from "constructs";
import { engineNames } from "../lambdas/contract.ts";
import type { Door } from "./door.ts";
import type { IEngine } from "./engine-base.ts";
import { serviceRole } from "./permission.ts";
import { send, useKey } from "./permissions.ts";

/** The group of all schedules, long sleeps and cron triggers, and the role by which they send to the ingest queue. */
export function scheduling(scope: Construct, engine: IEngine): void {
  const arns = engine.arns(scope);
  const names = engineNames(engine.engineName);
  new scheduler.CfnScheduleGroup(scope, "Schedules", { name: names.scheduleGroup });
  serviceRole(scope, "SchedulerRole", {
    name: names.role("scheduler", Stack.of(scope).region),
    service: "scheduler.amazonaws.com",
    description: "Stepwell: schedules send to the ingest queue",
    permissions: [send(arns.ingestQueue), ...(engine.hasEncryptionKey ? [useKey(scope, arns)] : [])],
  });
}

/**
 * Calls the sweeper every minute. A rule and not a schedule: a rule needs no role, and is out of reach of the apps, which may delete
 * schedules.
 */
export function sweepEveryMinute(scope: Construct, { lambda }: Door): void {
  const rule = new events.CfnRule(scope, "EveryMinute", {
    description: "Stepwell: the sweeper looks for runs that are overdue",
    scheduleExpression: "rate(1 minute)",
    targets: [{ id: "sweeper", arn: lambda.functionArn }],
  });
  lambda.addPermission("EveryMinute", {
    principal: new iam.ServicePrincipal("events.amazonaws.com"),
    sourceArn: rule.attrArn,
  });
  // The next minute's sweep is the retry.
  lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
}
