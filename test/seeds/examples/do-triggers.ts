import { Inngest } from 'stepwell/inngest'

const inngest = new Inngest({ id: 'my-app' })

// The original shows the triggers alone.
export const one = inngest.createFunction({ id: 'one' },
// Event trigger
{ event: 'user/created' }
, async ({ event }) => event.name)

export const daily = inngest.createFunction({ id: 'daily' },
// Cron trigger
{ cron: '0 9 * * *' }  // Daily at 9am UTC
, async ({ event }) => event.name)

export const several = inngest.createFunction({ id: 'several' },
// Multiple triggers
[
  { event: 'user/created' },
  { event: 'user/updated' },
  { cron: '0 */6 * * *' }  // Every 6 hours
]
, async ({ event }) => event.name)

export { inngest }
