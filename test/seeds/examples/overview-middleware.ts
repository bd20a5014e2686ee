import { Inngest, InngestMiddleware } from "stepwell/inngest"

const myMiddleware = new InngestMiddleware({
    name: "My Middleware",
    init() {
        return {
            onFunctionRun({ ctx, fn, steps }) {
                return {
                    transformInput({ ctx, fn, steps }) { /* modify input */ },
                    beforeMemoization() { },
                    afterMemoization() { },
                    beforeExecution() { },
                    afterExecution() { },
                    transformOutput({ result, step }) { /* modify output */ },
                    finished({ result }) { },
                    beforeResponse() { },
                }
            },
            onSendEvent() {
                return {
                    transformInput({ payloads }) { /* modify events */ },
                    transformOutput() { /* after events sent */ },
                }
            },
        }
    },
})

export const inngest = new Inngest({ id: "my-app", middleware: [myMiddleware] })
