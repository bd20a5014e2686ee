import type { CreateScheduleCommandInput, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { EngineMessage, RunMessage } from "../../sdk/protocol/index.ts";
import { SQS_DELAY_SECONDS_MAX } from "../../sdk/protocol/index.ts";
import type { EngineBinding } from "../contract.ts";
import { isError } from "./clients.ts";
import type { Queue } from "./queue.ts";

/** Scheduler fires within the minute; the router waits for the rest with a queue's delay. In milliseconds. */
const SCHEDULER_EARLY_MS = 60_000;

export interface TimerTarget {
  readonly group: string;
  readonly roleArn: string;
  readonly ingestQueueArn: string;
}

export const timerTargetOf = (binding: EngineBinding): TimerTarget => ({
  group: binding.scheduleGroup,
  roleArn: binding.schedulerRoleArn,
  ingestQueueArn: binding.ingestQueueArn,
});

/** Timers are hints, the table decides: one that fires twice, late, or after its cause is gone changes nothing. */
export const createTimer = (scheduler: () => Promise<SchedulerClient>, queue: Queue, target: TimerTarget) => ({
  /**
   * Sends `message` to the run's queue at `at`: by the queue's delay up to 15 minutes, else by a schedule named `name`, which is
   * the same for every repeat. Returns whether there is a schedule to take back.
   */
  async arm(name: string, at: number, now: number, queueUrl: string, message: RunMessage): Promise<boolean> {
    const seconds = Math.max(0, Math.ceil((at - now) / 1_000));
    if (seconds <= SQS_DELAY_SECONDS_MAX) {
      await queue.sendToRun(queueUrl, message, seconds);
      return false;
    }
    await this.schedule(name, at, message);
    return true;
  },

  /** The same for a message to the router, which has to know itself when it comes early: by a schedule it comes up to a minute early. */
  async callRouter(name: string, at: number, now: number, message: EngineMessage): Promise<void> {
    const seconds = Math.max(0, Math.ceil((at - now) / 1_000));
    if (seconds <= SQS_DELAY_SECONDS_MAX) await queue.sendToRouter(message, seconds);
    else await this.scheduleCall(name, at, message);
  },

  async schedule(name: string, at: number, message: RunMessage): Promise<void> {
    await this.scheduleCall(name, at, { v: 1, stepwell: true, kind: "timer", at, message });
  },

  async scheduleCall(name: string, at: number, input: EngineMessage): Promise<void> {
    const early = new Date(at - SCHEDULER_EARLY_MS).toISOString().slice(0, 19);
    await createSchedule(await scheduler(), {
      Name: name,
      GroupName: target.group,
      ScheduleExpression: `at(${early})`,
      FlexibleTimeWindow: { Mode: "OFF" },
      ActionAfterCompletion: "DELETE",
      Target: { Arn: target.ingestQueueArn, RoleArn: target.roleArn, Input: JSON.stringify(input) },
    });
  },

  /** Takes back a timer that was armed at `since`, if it is a schedule: what waits in a queue cannot be, and does no harm. */
  async disarm(name: string, at: number, since: number): Promise<void> {
    if (at - since <= SQS_DELAY_SECONDS_MAX * 1_000) return;
    await deleteSchedule(await scheduler(), target.group, name);
  },
});

export type Timer = ReturnType<typeof createTimer>;

/** A name that is taken is this very schedule, made by an earlier try. */
async function createSchedule(client: SchedulerClient, input: CreateScheduleCommandInput): Promise<void> {
  const { CreateScheduleCommand } = await import("./lazy/scheduler.ts");
  try {
    await client.send(new CreateScheduleCommand(input));
  } catch (error) {
    if (!isError(error, "ConflictException")) throw error;
  }
}

/** It may be firing right now, or be gone already: both are fine. */
export async function deleteSchedule(client: SchedulerClient, group: string, name: string): Promise<void> {
  const { DeleteScheduleCommand } = await import("./lazy/scheduler.ts");
  try {
    await client.send(new DeleteScheduleCommand({ Name: name, GroupName: group }));
  } catch (error) {
    if (!isError(error, "ResourceNotFoundException", "ConflictException")) throw error;
  }
}
