import { Inngest } from 'stepwell/inngest'
declare const validateOrder: (order: object) => Promise<{ id: string }>
declare const chargePayment: (order: { id: string }) => Promise<{ id: string }>
declare const sendConfirmation: (charge: { id: string }) => Promise<void>

const inngest = new Inngest({ id: 'my-app' })

// Simple function
const helloWorld = inngest.createFunction(
  { id: 'hello-world' },
  { event: 'test/hello' },
  async ({ event }) => {
    return { message: `Hello ${event.data.name}!` }
  }
)

// Multi-step function
const processOrder = inngest.createFunction(
  { id: 'process-order' },
  { event: 'order/created' },
  async ({ event, step }) => {
    const validated = await step.run('validate', () =>
      validateOrder(event.data.order)
    )

    const charged = await step.run('charge', () =>
      chargePayment(validated)
    )

    await step.run('notify', () =>
      sendConfirmation(charged)
    )

    return { orderId: charged.id, status: 'completed' }
  }
)

export { helloWorld, inngest, processOrder }
