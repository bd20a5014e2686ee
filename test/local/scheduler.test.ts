import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { describe, expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import type { LocalAwsOptions } from "../../local/aws.ts";
import { nextTime, parseExpression } from "../../local/services/schedule-expression.ts";
import { DAY, MINUTE, openAws, SECOND, START } from "./open.ts";

const RoleArn = "arn:aws:iam::000000000000:role/r";

async function openScheduler(options: LocalAwsOptions = {}) {
  const opened = await openAws(options);
  const { aws, scheduler } = opened;
  aws.sqs.createQueue("q");
  const input = (ScheduleExpression: string, more: Partial<CreateScheduleCommandInput> = {}) => ({
    Name: "s",
    ScheduleExpression,
    FlexibleTimeWindow: { Mode: "OFF" as const },
    Target: { Arn: queueArn("q"), RoleArn, Input: "<aws.scheduler.scheduled-time>" },
    ...more,
  });
  const create = (expression: string, more: Partial<CreateScheduleCommandInput> = {}) =>
    scheduler.send(new CreateScheduleCommand(input(expression, more)));
  const get = () => scheduler.send(new GetScheduleCommand({ Name: "s" }));
  const received = () => aws.sqs.messages("q").map(({ body }) => body);
  return { ...opened, input, create, get, received };
}

it("an at() fires on time, once, and is deleted when it asked for that", async () => {
  const { aws, create, get, received } = await openScheduler();
  await create("at(2026-01-01T00:10:00)", { ActionAfterCompletion: "DELETE" });
  await aws.time.passTime(10 * MINUTE - 1);
  expect(received()).toEqual([]);
  await aws.time.passTime(1);
  expect(received()).toEqual(["2026-01-01T00:10:00Z"]);
  await expect(get()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await aws.time.passTime(DAY);
  expect(received()).toHaveLength(1);
  expect(aws.meter.snapshot().calls).toMatchObject({ "scheduler.CreateSchedule": 1, "sqs.SendMessage": 1 });
});

it("with jitter an at() fires within the minute after its time, the same for the same seed", async () => {
  const late = async () => {
    const { aws, create, received } = await openScheduler({ jitter: true, seed: 7 });
    await create("at(2026-01-01T00:10:00)");
    await aws.time.settle();
    const due = aws.time.nextDue() ?? 0;
    await aws.time.passTime(11 * MINUTE);
    expect(received()).toEqual(["2026-01-01T00:10:00Z"]);
    return due - START - 10 * MINUTE;
  };
  const first = await late();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(MINUTE);
  expect(await late()).toBe(first);
});

it("a rate and a cron go on firing until they are deleted or disabled", async () => {
  const { aws, scheduler, create, input, received } = await openScheduler();
  await create("rate(10 minutes)");
  await create("cron(30 * * * ? *)", { Name: "half" });
  await aws.time.passTime(31 * MINUTE);
  expect(received()).toEqual([
    "2026-01-01T00:10:00Z",
    "2026-01-01T00:20:00Z",
    "2026-01-01T00:30:00Z",
    "2026-01-01T00:30:00Z",
  ]);
  await scheduler.send(new DeleteScheduleCommand({ Name: "s" }));
  await scheduler.send(new UpdateScheduleCommand({ ...input("cron(30 * * * ? *)"), Name: "half", State: "DISABLED" }));
  await aws.time.passTime(DAY);
  expect(received()).toHaveLength(4);
});

it("the universal target sends the message in its input", async () => {
  const { aws, create, received } = await openScheduler();
  const Input = JSON.stringify({ QueueUrl: aws.sqs.queueUrl("q"), MessageBody: "at <aws.scheduler.scheduled-time>" });
  await create("at(2026-01-01T00:00:05)", {
    Target: { Arn: "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", RoleArn, Input },
  });
  await aws.time.passTime(5 * SECOND);
  expect(received()).toEqual(["at 2026-01-01T00:00:05Z"]);
});

describe("expressions", () => {
  it.each<[string, string, string, string]>([
    ["cron(0 12 * * ? *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T12:00:00.000Z"],
    ["cron(0 12 * * ? *)", "America/New_York", "2026-07-01T00:00:00Z", "2026-07-01T16:00:00.000Z"],
    ["cron(15 10 ? * 6L *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T10:15:00.000Z"],
    ["cron(0 8 1 * ? *)", "UTC", "2026-01-01T09:00:00Z", "2026-02-01T08:00:00.000Z"],
    ["cron(0 8 L * ? *)", "UTC", "2026-02-01T00:00:00Z", "2026-02-28T08:00:00.000Z"],
    ["cron(0/15 * ? * MON-FRI *)", "UTC", "2026-01-03T00:00:00Z", "2026-01-05T00:00:00.000Z"],
    ["cron(0 18 ? * 2 *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-05T18:00:00.000Z"],
    ["cron(0 9 ? * 2#1 *)", "UTC", "2026-01-06T00:00:00Z", "2026-02-02T09:00:00.000Z"],
    ["cron(0 9 15W * ? *)", "UTC", "2026-02-01T00:00:00Z", "2026-02-16T09:00:00.000Z"],
    ["cron(0 0 1 1 ? 2030)", "UTC", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"],
    ["cron(0 0 ? * L *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00.000Z"],
    ["at(2026-03-29T03:30:00)", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-03-29T01:30:00.000Z"],
    ["at(2026-07-01T12:00:00)", "America/New_York", "2026-01-01T00:00:00Z", "2026-07-01T16:00:00.000Z"],
    ["rate(2 days)", "UTC", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00.000Z"],
  ])("%s in %s after %s is %s", (text, timeZone, after, expected) => {
    const next = nextTime(parseExpression(text, timeZone), Date.parse(after), START);
    expect(new Date(next ?? 0).toISOString()).toBe(expected);
  });

  it("a cron whose years are over has no next time", () => {
    expect(nextTime(parseExpression("cron(0 0 1 1 ? 2020)"), START, START)).toBeUndefined();
  });
});
