import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sns from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { addAlarms, IN_FLIGHT_MANY, most, sum } from "./alarms.ts";
import type { QueuePair } from "./queue-pair.ts";

export interface AppAlarmsProps {
  /** How the app is called in descriptions. */
  readonly name: string;
  readonly queues: QueuePair;
  readonly handler: lambda.IFunction;
  readonly topic: sns.ITopic | undefined;
}

/** A run may be carried on for 15 minutes after a delay of as many; twice that is no ordinary day. In seconds. */
const AGE_LONG = 3_600;

/** What somebody has to look at. */
export function appAlarms(scope: Construct, { name, queues, handler, topic }: AppAlarmsProps): void {
  const { queue, deadLetters } = queues;
  addAlarms(new Construct(scope, "Alarms"), topic, {
    DeadLetters: {
      // The engine takes them out within seconds: it is their coming that tells, and their depth only if it does not.
      metric: new cloudwatch.MathExpression({
        expression: "FILL(received, 0) + FILL(depth, 0)",
        usingMetrics: {
          received: deadLetters.metricNumberOfMessagesReceived(sum),
          depth: deadLetters.metricApproximateNumberOfMessagesVisible(most),
        },
        period: sum.period,
      }),
      says: `Messages of ${name} could not be handled, and are kept as dead letters, with the reason.`,
    },
    RunAge: {
      metric: queue.metricApproximateAgeOfOldestMessage(most),
      threshold: AGE_LONG,
      says: `Runs of ${name} have waited for an hour to go on: it needs more concurrency, or a function is not deployed any more.`,
    },
    InFlight: {
      metric: queue.metricApproximateNumberOfMessagesNotVisible(most),
      threshold: IN_FLIGHT_MANY,
      says: `The run queue of ${name} is near the 120,000 messages in flight beyond which SQS hands out none.`,
    },
    Throttles: {
      metric: handler.metricThrottles(sum),
      periods: 3,
      says: `${name} is throttled: the account's Lambda concurrency is used up. Raise it, or give apps a \`maxConcurrency\`.`,
    },
    Errors: {
      metric: handler.metricErrors(sum),
      says: `Invocations of ${name} crashed, or ran out of memory or time. Its runs go on; its log tells why.`,
    },
  });
}
