import { Inngest } from 'stepwell/inngest'
declare const handler: (context: { event: { data: { userId?: string } } }) => Promise<string>

const inngest = new Inngest({ id: 'my-app' })

// Limit concurrent executions
inngest.createFunction(
  {
    id: 'limited-fn',
    concurrency: { limit: 5 }  // Max 5 parallel
  },
  { event: 'task/run' },
  handler
)

// Per-user concurrency
inngest.createFunction(
  {
    id: 'per-user-fn',
    concurrency: {
      limit: 1,
      key: 'event.data.userId'  // One per user
    }
  },
  { event: 'user/action' },
  handler
)

// Rate limiting
inngest.createFunction(
  {
    id: 'throttled-fn',
    throttle: {
      limit: 10,
      period: '1m'  // 10 per minute
    }
  },
  { event: 'api/call' },
  handler
)

// Debouncing
inngest.createFunction(
  {
    id: 'debounced-fn',
    debounce: {
      period: '5s',
      key: 'event.data.userId'
    }
  },
  { event: 'search/query' },
  handler
)

export { inngest }
