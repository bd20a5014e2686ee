import { Inngest } from 'stepwell/inngest'
declare const fetchUser: (id: string) => Promise<{ id: string }>
declare const syncToCRM: (user: { id: string }) => Promise<string>

const inngest = new Inngest({ id: 'my-app' })

// Define a function with durable steps
export const syncUser = inngest.createFunction(
  { id: 'sync-user', concurrency: { limit: 10 } },
  { event: 'user/created' },
  async ({ event, step }) => {
    // Each step is memoized - retries skip completed steps
    const user = await step.run('fetch-user', () =>
      fetchUser(event.data.id)
    )

    // Sleep without blocking workers
    await step.sleep('wait-for-propagation', '5m')

    // Continue from where we left off
    const synced = await step.run('sync-to-crm', () =>
      syncToCRM(user)
    )

    return { synced }
  }
)

// Where the original awaits at the top of its module, before there is anything to send to.
export const sendOne = async () => {
// Send events to trigger functions
await inngest.send({
  name: 'user/created',
  data: { id: '123' }
})
}

export { inngest }
