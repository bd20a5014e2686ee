/** What is used of EventBridge Scheduler: imported lazily, and named here, so that a bundle carries nothing else of it. */
export { CreateScheduleCommand, DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
