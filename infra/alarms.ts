import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";

/** The period of all metrics. */
export const PERIOD = Duration.minutes(5);
export const sum = { period: PERIOD, statistic: cloudwatch.Stats.SUM };
export const most = { period: PERIOD, statistic: cloudwatch.Stats.MAXIMUM };

/** SQS hands out about 120,000 messages of a queue at the same time, and says nothing when it hands out no more. */
export const IN_FLIGHT_MANY = 100_000;

export interface Watch {
  readonly metric: cloudwatch.IMetric;
  /** Alarms at this value or above. @default 1 */
  readonly threshold?: number;
  /** Alarms below this value, or when there are no values, instead. */
  readonly atLeast?: number;
  /** Periods in a row. @default 1 */
  readonly periods?: number;
  /** What has happened, and where to look. */
  readonly says: string;
}

/** An alarm each, told to the topic. */
export function addAlarms(
  scope: Construct,
  topic: sns.ITopic | undefined,
  watches: Readonly<Record<string, Watch>>,
): void {
  for (const [id, { metric, threshold = 1, atLeast, periods = 1, says }] of Object.entries(watches)) {
    const alarm = new cloudwatch.Alarm(scope, id, {
      metric,
      alarmDescription: says,
      evaluationPeriods: periods,
      ...(atLeast === undefined ? reaches(threshold) : fallsBelow(atLeast)),
    });
    if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
  }
}

const reaches = (threshold: number) => ({
  threshold,
  comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
});

const fallsBelow = (threshold: number) => ({
  threshold,
  comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: cloudwatch.TreatMissingData.BREACHING,
});
