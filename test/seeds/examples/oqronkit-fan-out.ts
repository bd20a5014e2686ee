import { ingest } from 'stepwell/oqronkit'
import { chargePaymentFn, reserveInventoryFn, sendConfirmationFn } from './oqronkit-services.ts'

const processOrder = ingest({
name: 'order/process',
event: 'order.created',
handler: async ({ event, step }) => {
// Fan-out: invoke multiple functions in parallel
const [inventory, payment, notification] = await Promise.all([
step.invoke('reserve-inventory', reserveInventoryFn, event.data),
step.invoke('charge-payment', chargePaymentFn, event.data),
step.invoke('send-confirmation', sendConfirmationFn, event.data),
])
return { inventory, payment, notification }
},
})

export { processOrder }
