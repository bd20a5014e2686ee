import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  ListSchedulesCommand,
  type SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import type { EngineMessage } from "../../sdk/protocol/index.ts";
import type { EngineBinding } from "../contract.ts";
import { type Clients, isError } from "./clients.ts";
import type { World } from "./index.ts";
import { deleteSchedule, type TimerTarget, timerTargetOf } from "./timer.ts";

/** A schedule that fires again and again. */
export interface CronSchedule {
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly input: EngineMessage;
}

/** What the registrar does in AWS: an app has no need of the schedules of crons, and does not carry them. */
export type RegistrarWorld = World & { readonly crons: Crons };

export const withCrons = (world: World, clients: Clients, binding: EngineBinding): RegistrarWorld => ({
  ...world,
  crons: createCrons(() => clients.scheduler, timerTargetOf(binding)),
});

/** The schedules of cron triggers. The registrar alone makes and drops them. */
export const createCrons = (scheduler: () => Promise<SchedulerClient>, target: TimerTarget) => ({
  /** Every schedule whose name begins with `prefix`, and whether it is enabled. */
  async list(prefix: string): Promise<ReadonlyMap<string, boolean>> {
    const found = new Map<string, boolean>();
    let from: string | undefined;
    do {
      const command = new ListSchedulesCommand({ GroupName: target.group, NamePrefix: prefix, NextToken: from });
      const { Schedules = [], NextToken } = await (await scheduler()).send(command);
      for (const { Name, State } of Schedules) if (Name !== undefined) found.set(Name, State === "ENABLED");
      from = NextToken;
    } while (from !== undefined);
    return found;
  },

  /** Makes a schedule, or makes the one of that name what it should be. */
  async put({ name, expression, timeZone, input }: CronSchedule): Promise<void> {
    const client = await scheduler();
    const schedule: CreateScheduleCommandInput = {
      Name: name,
      GroupName: target.group,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: timeZone,
      FlexibleTimeWindow: { Mode: "OFF" },
      State: "ENABLED",
      Target: { Arn: target.ingestQueueArn, RoleArn: target.roleArn, Input: JSON.stringify(input) },
    };
    try {
      await client.send(new CreateScheduleCommand(schedule));
    } catch (error) {
      if (!isError(error, "ConflictException")) throw error;
      await client.send(new UpdateScheduleCommand(schedule));
    }
  },

  async drop(name: string): Promise<void> {
    await deleteSchedule(await scheduler(), target.group, name);
  },
});

export type Crons = ReturnType<typeof createCrons>;
