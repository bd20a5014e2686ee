import { inngest } from "./overview-client.ts";

// The original shows each option alone, in braces: here it is among the options of a function.
inngest.createFunction({
    id: "at-most-ten",
    concurrency: 10,
}, { event: "flow/at-most-ten" }, async ({ event }) => event.data);

inngest.createFunction({
    id: "per-tenant",
    concurrency: [
        { scope: "fn", key: "event.data.account_id", limit: 1 },
        { scope: "account", key: '"openai"', limit: 60 },
    ]
}, { event: "flow/per-tenant" }, async ({ event }) => event.data);

inngest.createFunction({
    id: "throttle",
    throttle: {
        limit: 1,          // runs per period
        period: "5s",       // time window
        burst: 2,           // extra burst allowance on top of limit
        key: "event.data.user_id",  // optional per-key throttle
    }
}, { event: "flow/throttle" }, async ({ event }) => event.data);

inngest.createFunction({
    id: "rate-limit",
    rateLimit: {
        limit: 1,
        period: "60s",     // 1s to 60s
        key: "event.data.customer_id",
    }
}, { event: "flow/rate-limit" }, async ({ event }) => event.data);

inngest.createFunction({
    id: "debounce",
    debounce: {
        period: "5m",       // 1s to 7d
        key: "event.data.account_id",
        timeout: "10m",     // optional max debounce time
    }
}, { event: "flow/debounce" }, async ({ event }) => event.data);

export const handled: unknown[] = [];
inngest.createFunction({
    id: "priority",
    concurrency: 1, // without it nothing is in a queue
    priority: {
        run: "event.data.plan == 'enterprise' ? 180 : 0"
    }
}, { event: "flow/priority" }, async ({ event }) => void handled.push(event.data.plan));

inngest.createFunction({
    id: "singleton",
    singleton: {
        key: "event.data.user_id",
        mode: "skip",  // or "cancel"
    }
}, { event: "flow/singleton" }, async ({ step }) => step.sleep("long", "1h"));

inngest.createFunction({
    id: "idempotency",
    idempotency: "event.data.customer_id"
}, { event: "flow/idempotency" }, async ({ event }) => event.data);

inngest.createFunction({
    id: "batch",
    batchEvents: {
        maxSize: 100,
        timeout: "5s",
        key: "event.data.user_id",    // optional per-key batching
        if: 'event.data.account_type == "free"',  // optional conditional
    }
}, { event: "flow/batch" }, async ({ events }) => events.length);

export { inngest };
