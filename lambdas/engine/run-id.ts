import { type RunOwner, runIdOf } from "../../sdk/protocol/run-id.ts";

// A client that invokes a function tells its run's id without asking the engine.
export { type RunOwner, runIdOf, timeOf } from "../../sdk/protocol/run-id.ts";

/** The id of the event by which a function's schedule starts it: from the function and the nominal time, so that twice is once. */
export const cronEventId = (owner: RunOwner, at: number): string => `cron-${runIdOf(owner, "cron", at)}`;

/** The id of the event by which a step invokes its child: asking twice is asking once. */
export const invokeEventId = (parentRunId: string, stepKey: string): string => `${parentRunId}-${stepKey}`;
