import { inngest } from "./overview-client.ts";
declare const fetchFromAPI: () => Promise<{ number: number }>;

const computeSquare = inngest.createFunction({ id: "compute-square" }, { event: "calculate/square" }, async ({ event }) => event.data.number * event.data.number);

// The original is a list of calls: here they are a function's body.
const steps = inngest.createFunction({ id: "steps" }, { event: "app/onboarding.started" }, async ({ event, step }) => {
const data = await step.run("fetch-data", async () => {
    return await fetchFromAPI()
})

await step.sleep("wait-a-day", "1d")
// Formats: "30s", "5m", "2h", "1d", "1w"
// Max: 1 year (7 days on free tier)

await step.sleepUntil("wait-for-date", new Date(event.data.remindAt))

const completionEvent = await step.waitForEvent("wait-for-completion", {
    event: "app/onboarding.completed",
    timeout: "3d",
    if: "event.data.userId == async.data.userId",  // match expression
    // OR: match: "data.userId"  -- shorthand for same field match
})
// Returns the event object, or null if timeout

const result = await step.invoke("compute-square", {
    function: computeSquare,    // reference to another function
    data: { number: 4 },       // typed input data
})
// Returns the result of the invoked function

await step.sendEvent("notify-users", {
    name: "app/user.activated",
    data: { userId: event.data.userId },
})
return { data, completionEvent, result };
});

export { computeSquare, steps };
