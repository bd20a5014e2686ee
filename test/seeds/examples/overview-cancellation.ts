import { inngest } from "./overview-client.ts";

// The original shows the two options alone, in braces: here they are among the options of a function.
export const cancellable = inngest.createFunction({
    id: "cancellable",
    cancelOn: [{
        event: "user/account.deleted",
        if: "event.data.userId == async.data.userId",
        timeout: "30m",    // optional: only listen for cancellation event this long
    }],
}, { event: "user/report.requested" }, async ({ step }) => step.sleep("long", "1d"));

export const limited = inngest.createFunction({
    id: "limited",
    timeouts: {
        start: "10m",    // max time between scheduling and starting
        finish: "1h",    // max total execution time (excludes start wait)
    },
}, { event: "user/report.requested" }, async ({ step }) => step.sleep("long", "1d"));

export { inngest };
