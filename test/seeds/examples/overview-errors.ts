import { NonRetriableError, RetryAfterError } from "stepwell/inngest";
import { inngest } from "./overview-client.ts";
declare const originalError: Error;
declare const riskyApiCall: () => Promise<string>;
declare const fallbackApiCall: () => Promise<string>;
declare const cleanupResources: (failed: { function_id: string }) => Promise<void>;
declare const callApi: (which: string) => Promise<string>;

// The original shows the two lines that throw alone.
export const permanent = inngest.createFunction({ id: "permanent" }, { event: "test" }, async () => {
// NonRetriableError -- permanent failure
throw new NonRetriableError("User not found", { cause: originalError })
});

let tries = 0;
export const later = inngest.createFunction({ id: "later" }, { event: "test" }, async () => {
if (tries++ > 0) return tries;
// RetryAfterError -- retry after specific time
throw new RetryAfterError("Rate limited", "30s")
// Accepts: number (ms), string (ms-compatible), Date
});

// The original is a part of a function's body.
export const recovering = inngest.createFunction({ id: "recovering" }, { event: "test" }, async ({ step }) => {
const data = await step.run("risky-step", async () => {
    return await riskyApiCall()
}).catch((err) => {
    // Recover with fallback step
    return step.run("fallback-step", async () => {
        return await fallbackApiCall()
    })
})
return data;
});

// The original leaves the other arguments out.
export const cleaning = inngest.createFunction({
    id: "my-fn",
    retries: 5,
    onFailure: async ({ event, error }) => {
        await cleanupResources(event.data)
    },
}, { event: "test" }, async () => { throw new Error("down"); });

export const handler =
inngest.createFunction(
    { id: "handle-failures" },
    { event: "inngest/function.failed" },
    async ({ event }) => { /* handle any function failure */ }
)

// The original is a handler alone, whose branches are comments: here each calls.
export const attempts = inngest.createFunction({ id: "attempts" }, { event: "test" },
async ({ attempt }) => {
    // attempt is zero-indexed (0, 1, 2, ...)
    // Reset after each successful step
    if (attempt < 2) {
        // try primary API
        return callApi("primary")
    } else {
        // try fallback API
        return callApi("fallback")
    }
}
)

export { inngest };
