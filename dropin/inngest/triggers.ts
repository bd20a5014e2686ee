import { type EventSchema, type EventType, eventType, type ShapeOf } from "../../sdk/index.ts";
import { INVOKED } from "./names.ts";

/**
 * A cron trigger: five fields, in UTC unless it begins with a zone.
 *
 * @example
 * ```ts
 * inngest.createFunction({ id: "nightly", triggers: [cron("TZ=Europe/Rome 0 3 * * *")] }, async ({ step }) => { … });
 * ```
 */
export const cron = <const Schedule extends string>(schedule: Schedule): { readonly cron: Schedule } => ({
  cron: schedule,
});

/**
 * A trigger for a function that is there to be invoked: a Standard Schema of the data that `step.invoke` brings. Data that does not match
 * fails the run before its code begins. Every function can be invoked; this says with what.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION` for what is no schema
 * @example
 * ```ts
 * inngest.createFunction({ id: "resize", triggers: [invoke(z.object({ url: z.string() }))] }, ({ event }) => resize(event.data.url));
 * ```
 */
export const invoke = <Schema extends EventSchema>(schema: Schema): EventType<typeof INVOKED, ShapeOf<Schema>> =>
  eventType(INVOKED, { schema });
