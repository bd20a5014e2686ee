import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { engineNames, LOGGED } from "../lambdas/contract.ts";
import { addAlarms, IN_FLIGHT_MANY, most, sum, type Watch } from "./alarms.ts";
import type { Door } from "./door.ts";
import type { IEngine } from "./engine-base.ts";
import { EVERYTHING } from "./event-bus.ts";
import type { QueuePair } from "./queue-pair.ts";

export interface Watched {
  readonly router: Door;
  readonly deadLetters: Door;
  readonly sweeper: Door;
  readonly ingest: QueuePair;
  readonly table: dynamodb.Table;
}

/** What somebody has to look at. An engine at rest pays for the alarms and nothing else: `docs/deploy.md` has the sum. */
export function engineAlarms(scope: Construct, engine: IEngine, watched: Watched): void {
  const alarms = new Construct(scope, "Alarms");
  addAlarms(alarms, engine.alarmTopic, {
    ...ofTheQueue(watched),
    ...ofDeadLetters(alarms, engine, watched),
    ...ofRuns(alarms, engine, watched),
    ...ofLambdas(watched),
    ...ofDeliveries(engine),
    ...ofWaits(engine),
    TableThrottles: {
      metric: watched.table.metric("WriteThrottleEvents", sum),
      periods: 3,
      says: "DynamoDB has throttled writes for 15 minutes: one item or partition is written too often.",
    },
  });
}

/** In seconds. */
const INGEST_AGE_LONG = 300;

const ofTheQueue = ({ ingest: { queue } }: Watched): Record<string, Watch> => ({
  IngestAge: {
    metric: queue.metricApproximateAgeOfOldestMessage(most),
    threshold: INGEST_AGE_LONG,
    periods: 2,
    says: "Events wait for the router: it fails, is throttled, or needs more concurrency. Its log tells which.",
  },
  IngestInFlight: {
    metric: queue.metricApproximateNumberOfMessagesNotVisible(most),
    threshold: IN_FLIGHT_MANY,
    says: "The ingest queue is near the 120,000 messages in flight beyond which SQS hands out none.",
  },
});

/** The queue is emptied at once, so that its depth tells of its consumer; what it consumed is in its log. */
const ofDeadLetters = (
  scope: Construct,
  engine: IEngine,
  { ingest, deadLetters, router }: Watched,
): Record<string, Watch> => ({
  DeadLetters: {
    metric: new cloudwatch.MathExpression({
      expression: "FILL(received, 0) + FILL(refused, 0)",
      usingMetrics: {
        received: countLines(scope, "DeadLetterLines", {
          engine,
          door: deadLetters,
          line: LOGGED.deadLetter,
          metricName: "DeadLetters",
        }),
        refused: countLines(scope, "BuriedLines", {
          engine,
          door: router,
          line: LOGGED.buried,
          metricName: "UnreadableMessages",
        }),
      },
      period: sum.period,
    }),
    says: "Messages could not be handled, and are kept as dead letters, with the reason: of the engine, or of any of its apps.",
  },
  DeadLettersDepth: {
    metric: ingest.deadLetters.metricApproximateNumberOfMessagesVisible(most),
    periods: 3,
    says: "Dead letters stay on their queue: the Lambda that takes them fails. Its log tells why.",
  },
});

const ofRuns = (scope: Construct, engine: IEngine, { sweeper }: Watched): Record<string, Watch> => ({
  StuckRuns: {
    metric: countLines(scope, "OverdueLines", {
      engine,
      door: sweeper,
      line: LOGGED.overdue,
      metricName: "OverdueRuns",
      value: "$.count",
    }),
    says: "Runs were overdue, and the sweeper has woken them: a timer or a callback was lost. The sweeper's log names the runs.",
  },
  SweeperStopped: {
    metric: sweeper.lambda.metricInvocations(sum),
    atLeast: 1,
    periods: 2,
    says: "The sweeper has not run for ten minutes: runs that lose their wake-up are not found.",
  },
});

const ofLambdas = ({ router, deadLetters, sweeper }: Watched): Record<string, Watch> => {
  const doors = { Router: router, DeadLettersDoor: deadLetters, Sweeper: sweeper };
  const watches = Object.entries(doors).flatMap(([name, { lambda }]) => [
    [
      `${name}Errors`,
      {
        metric: lambda.metricErrors(sum),
        says: `The Lambda ${lambda.functionName} crashed or ran out of time. Its log tells why.`,
      },
    ],
    [
      `${name}Throttles`,
      {
        metric: lambda.metricThrottles(sum),
        periods: 3,
        says: `${lambda.functionName} is throttled: the account's Lambda concurrency is used up.`,
      },
    ],
  ]);
  return Object.fromEntries(watches);
};

const ofDeliveries = ({ engineName }: IEngine): Record<string, Watch> => {
  const { bus, scheduleGroup } = engineNames(engineName);
  const rule = { namespace: "AWS/Events", dimensionsMap: { EventBusName: bus, RuleName: EVERYTHING }, ...sum };
  const schedules = { namespace: "AWS/Scheduler", dimensionsMap: { ScheduleGroup: scheduleGroup }, ...sum };
  return {
    BusFailures: {
      metric: new cloudwatch.Metric({ ...rule, metricName: "FailedInvocations" }),
      says: "EventBridge could not put events on the ingest queue. They are dead letters: look at the queue's policy and key.",
    },
    BusLosses: {
      metric: new cloudwatch.Metric({ ...rule, metricName: "InvocationsFailedToBeSentToDlq" }),
      says: "EventBridge could not even keep events as dead letters, and has lost them: look at the policy of the dead-letter queue.",
    },
    ScheduleErrors: {
      metric: new cloudwatch.Metric({ ...schedules, metricName: "TargetErrorCount" }),
      says: "Schedules could not send to the ingest queue: look at the scheduler role, and the queue's policy and key.",
    },
    ScheduleLosses: {
      metric: new cloudwatch.Metric({ ...schedules, metricName: "InvocationDroppedCount" }),
      says: "Scheduler has given up on wake-ups. The sweeper wakes sleeping runs all the same; cron runs are missing.",
    },
  };
};

const ofWaits = (engine: IEngine): Record<string, Watch> => {
  const machine = {
    namespace: "AWS/States",
    dimensionsMap: { StateMachineArn: engine.arns(engine).waitMachine },
    ...sum,
  };
  return {
    WaitFailures: {
      metric: new cloudwatch.Metric({ ...machine, metricName: "ExecutionsFailed" }),
      says: "Executions of the wait machine failed: it may not write steps, or send to a run queue. The sweeper wakes their runs.",
    },
    WaitThrottles: {
      metric: new cloudwatch.Metric({ ...machine, metricName: "ExecutionThrottled" }),
      periods: 3,
      says: 'Step Functions throttles waits. Ask AWS for more, or deploy apps with `waits: "table"`.',
    },
  };
};

interface CountedLines {
  readonly engine: IEngine;
  readonly door: Door;
  /** The `message` of the line. */
  readonly line: string;
  readonly metricName: string;
  /** Where the line has its number. @default - each line counts one */
  readonly value?: string;
}

/** A metric of a Lambda's log lines; it costs something only in hours that have some. */
function countLines(
  scope: Construct,
  id: string,
  { engine, door, line, metricName, value = "1" }: CountedLines,
): cloudwatch.Metric {
  return new logs.MetricFilter(scope, id, {
    logGroup: door.logGroup,
    filterPattern: logs.FilterPattern.stringValue("$.message", "=", line),
    metricNamespace: `Stepwell/${engine.engineName}`,
    metricName,
    metricValue: value,
  }).metric(sum);
}
