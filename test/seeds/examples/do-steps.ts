import { Inngest } from 'stepwell/inngest'
declare const someAsyncOperation: () => Promise<string>

const inngest = new Inngest({ id: 'my-app' })
const otherFunction = inngest.createFunction({ id: 'other' }, { event: 'other/asked' }, async ({ event }) => ({ got: event.data.foo as string }))

// The original is a list of calls: here they are a function's body, and the last one, whose name is the first one's, has a block to itself.
const stepMethods = inngest.createFunction({ id: 'step-methods' }, { event: 'order/created' }, async ({ step }) => {
// Run and memoize a step
const result = await step.run('step-id', async () => {
  return await someAsyncOperation()
})

// Sleep for a duration
await step.sleep('wait-period', '1h')  // 1 hour
await step.sleep('brief-pause', '30s') // 30 seconds

// Sleep until a specific time
await step.sleepUntil('scheduled-time', new Date('2024-12-25'))

// Wait for an external event
const approval = await step.waitForEvent('wait-for-approval', {
  event: 'order/approved',
  timeout: '24h',
  match: 'data.orderId'
})

{
// Invoke another function
const result = await step.invoke('call-other', {
  function: otherFunction,
  data: { foo: 'bar' }
})
return { first: approval, second: result }
}
})

export { inngest, otherFunction, stepMethods }
