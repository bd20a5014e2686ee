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
