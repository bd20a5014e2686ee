import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { WAIT_MACHINE } from "../../lambdas/contract.ts";
import { deployedText, engineStack } from "./engine-stack.ts";

/** It comes without types. */
const validate = createRequire(import.meta.url)("asl-validator") as (definition: object) => {
  readonly isValid: boolean;
  readonly errorsText: () => string;
};

const [machine] = Object.values(engineStack().template().findResources("AWS::StepFunctions::StateMachine"));

/** The definition as CloudFormation hands it to Step Functions, in the given partition. */
const deployedDefinition = (partition: string): object =>
  JSON.parse(deployedText(machine?.Properties.DefinitionString, { "AWS::Partition": partition }));

it("what is deployed is the machine that the local cloud runs", () => {
  expect(deployedDefinition("aws")).toEqual(WAIT_MACHINE);
});

it("its integrations are of the partition that it is deployed in", () => {
  const text = JSON.stringify(deployedDefinition("aws-cn"));
  expect(text.match(/"arn:[^"]*"/g)).toEqual([
    '"arn:aws-cn:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"',
    '"arn:aws-cn:states:::sqs:sendMessage"',
    '"arn:aws-cn:states:::sqs:sendMessage"',
  ]);
});

it("it is valid Amazon States Language", () => {
  // A copy, because the validator fills in defaults.
  const { isValid, errorsText } = validate(structuredClone(WAIT_MACHINE) as object);
  expect(isValid ? "" : errorsText()).toBe("");
});

it("it is pinned: running executions and deployed apps rely on each word", () => {
  expect(WAIT_MACHINE).toMatchInlineSnapshot(`
    {
      "Comment": "Stepwell: one waitForEvent",
      "StartAt": "Register",
      "States": {
        "Register": {
          "Catch": [
            {
              "ErrorEquals": [
                "DynamoDB.ConditionalCheckFailedException",
                "DynamoDb.ConditionalCheckFailedException",
              ],
              "Next": "Wake",
              "ResultPath": null,
            },
            {
              "ErrorEquals": [
                "States.Timeout",
              ],
              "Next": "TimedOut",
              "ResultPath": null,
            },
            {
              "ErrorEquals": [
                "States.ALL",
              ],
              "Next": "Wake",
              "ResultPath": null,
            },
          ],
          "Next": "Wake",
          "Parameters": {
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(outcome) AND (attribute_not_exists(#try) OR #try < :try OR #token = :token)",
            "ExpressionAttributeNames": {
              "#token": "token",
              "#try": "tokenTry",
            },
            "ExpressionAttributeValues": {
              ":token": {
                "S.$": "$$.Task.Token",
              },
              ":try": {
                "N.$": "States.Format('{}', States.MathAdd($$.State.RetryCount, 1))",
              },
            },
            "Key": {
              "pk": {
                "S.$": "$.pk",
              },
              "sk": {
                "S.$": "$.sk",
              },
            },
            "TableName.$": "$.tableName",
            "UpdateExpression": "SET #token = :token, #try = :try",
          },
          "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
          "ResultPath": null,
          "Retry": [
            {
              "ErrorEquals": [
                "DynamoDB.ConditionalCheckFailedException",
                "DynamoDb.ConditionalCheckFailedException",
                "States.Timeout",
              ],
              "MaxAttempts": 0,
            },
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "States.ALL",
              ],
              "IntervalSeconds": 1,
              "MaxAttempts": 6,
            },
          ],
          "TimeoutSecondsPath": "$.timeoutSeconds",
          "Type": "Task",
        },
        "TimedOut": {
          "End": true,
          "Parameters": {
            "MessageBody.$": "$.timeout",
            "QueueUrl.$": "$.queueUrl",
          },
          "Resource": "arn:aws:states:::sqs:sendMessage",
          "ResultPath": null,
          "Retry": [
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "States.ALL",
              ],
              "IntervalSeconds": 1,
              "MaxAttempts": 10,
            },
          ],
          "Type": "Task",
        },
        "Wake": {
          "End": true,
          "Parameters": {
            "MessageBody.$": "$.wake",
            "QueueUrl.$": "$.queueUrl",
          },
          "Resource": "arn:aws:states:::sqs:sendMessage",
          "ResultPath": null,
          "Retry": [
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "States.ALL",
              ],
              "IntervalSeconds": 1,
              "MaxAttempts": 10,
            },
          ],
          "Type": "Task",
        },
      },
    }
  `);
});
