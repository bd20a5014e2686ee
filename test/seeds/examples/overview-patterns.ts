import { referenceFunction } from "stepwell/inngest"
import { inngest } from "./overview-client.ts";
declare const processItem: (item: { sku: string }) => Promise<string>
declare const items: { sku: string }[]

// The original names an app and data only by dots.
const ref = referenceFunction({ functionId: "other-app-fn-id" })
export const calling = inngest.createFunction({ id: "calling" }, { event: "test" }, async ({ step }) => {
return await step.invoke("call-other", { function: ref, data: { n: 1 } })
});

// The original is a part of a function's body.
export const looping = inngest.createFunction({ id: "looping" }, { event: "test" }, async ({ step }) => {
for (const item of items) {
    await step.run("process-item", async () => {
        // Same ID "process-item" is fine -- SDK tracks counter
        return await processItem(item)
    })
}
});

// The same.
export const fanning = inngest.createFunction({ id: "fanning" }, { event: "test" }, async ({ step }) => {
await step.sendEvent("fan-out", items.map(item => ({
    name: "app/item.process",
    data: item,
})))
});

export { inngest };
