import { Inngest } from 'stepwell/inngest'
declare const handler: () => Promise<string>
declare const riskyOp: () => Promise<void>
declare const fallbackOp: () => Promise<void>

const inngest = new Inngest({ id: 'my-app' })

inngest.createFunction(
  {
    id: 'retry-example',
    retries: {
      attempts: 5,
      backoff: 'exponential',
      maxDelay: '1h'
    }
  },
  { event: 'task/run' },
  handler
)

inngest.createFunction(
  { id: 'error-handling' },
  { event: 'task/run' },
  async ({ event, step }) => {
    try {
      await step.run('risky-operation', () => riskyOp())
    } catch (error) {
      // Handle or re-throw
      await step.run('fallback', () => fallbackOp())
    }
  }
)

export { inngest }
