import { Inngest } from 'stepwell/inngest'

const inngest = new Inngest({ id: 'my-app' })

// Where the original awaits at the top of its module, before there is anything to send to.
export const sendAll = async () => {
// Send a single event
await inngest.send({
  name: 'user/created',
  data: { userId: '123', email: 'user@example.com' }
})

// Send multiple events
await inngest.send([
  { name: 'user/created', data: { userId: '123' } },
  { name: 'email/send', data: { to: 'user@example.com' } }
])

// Send with idempotency key
await inngest.send({
  id: 'unique-event-id',
  name: 'order/created',
  data: { orderId: 'abc' }
})
}

export { inngest }
