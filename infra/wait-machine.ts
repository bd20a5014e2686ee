import { Aws } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { engineNames, WAIT_MACHINE } from "../lambdas/contract.ts";
import { acknowledge } from "./permission.ts";

export interface WaitMachineProps {
  readonly engineName: string;
  readonly role: iam.IRole;
}

/** The wait machine. What it is given are keys and queue URLs, no data of users. */
export function waitMachine(scope: Construct, { engineName, role }: WaitMachineProps): sfn.CfnStateMachine {
  const machine = new sfn.CfnStateMachine(scope, "WaitMachine", {
    stateMachineName: engineNames(engineName).waitMachine,
    stateMachineType: "STANDARD",
    // Service integrations are named with the partition, which is not "aws" in China and for governments.
    definitionString: JSON.stringify(WAIT_MACHINE).replaceAll('"arn:aws:', `"arn:${Aws.PARTITION}:`),
    roleArn: role.roleArn,
  });
  machine.node.addDependency(role);
  acknowledge(
    machine,
    "AwsSolutions-SF1",
    "Each execution keeps its history for 90 days, and log delivery takes rights on all log groups.",
  );
  acknowledge(
    machine,
    "AwsSolutions-SF2",
    "A wait is one write and one message; a trace would cost more than it tells.",
  );
  return machine;
}
