import { inngest } from "./overview-client.ts";

export default
inngest.createFunction(
    { id: "sync-data", retries: 5, concurrency: 10 },
    { event: "app/sync.requested" },
    async ({ event, step, logger }) => {
        // function body with steps
    }
)
