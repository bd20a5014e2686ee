// Functions that the example invokes and does not show.
import { ingest } from 'stepwell/oqronkit'

export const reserveInventoryFn = ingest({ name: 'reserve', event: 'reserve', handler: ({ event }) => ({ reserved: event.data.sku as string }) })
export const chargePaymentFn = ingest({ name: 'charge', event: 'charge', handler: ({ event }) => ({ charged: event.data.total as number }) })
export const sendConfirmationFn = ingest({ name: 'confirm', event: 'confirm', handler: () => 'sent' })
