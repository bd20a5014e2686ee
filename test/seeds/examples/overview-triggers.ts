import { inngest } from "./overview-client.ts";

// The original shows the triggers alone.
export const filtered = inngest.createFunction({ id: "filtered" }, { event: "event.name", if: "event.data.priority >= 4" }, async ({ event }) => event.data.priority as number);
export const noon = inngest.createFunction({ id: "noon" }, { cron: "0 12 * * 5" }, async ({ event }) => event.data.cron);
