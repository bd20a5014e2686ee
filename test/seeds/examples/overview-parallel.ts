import { inngest } from "./overview-client.ts";

export const parallel = inngest.createFunction({ id: "parallel" }, { event: "test" },
async ({ step }) => {
    const email = step.run("send-email", async () => { /* ... */ })
    const update = step.run("update-db", async () => { /* ... */ })
    const [emailResult, updateResult] = await Promise.all([email, update])
}
)

export { inngest };
