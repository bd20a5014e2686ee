import { ingest } from 'stepwell/oqronkit'
declare const processFile: (file: object) => Promise<void>

const fn = ingest({
name: 'heavy-processing',
event: 'file.uploaded',
// Function-level config
concurrency: 10, // Max parallel executions
retries: 3, // Max retries per step
timeout: '30m', // Max total function duration
// Batching: accumulate events before processing
batch: {
maxSize: 100,
timeout: '5s',
},
// Rate limiting
rateLimit: {
key: 'event.data.userId',
limit: 10,
period: '1m',
},
handler: async ({ events, step }) => {
// With batching, `events` is an array
for (const event of events) {
await step.run(`process-${event.data.fileId}`, async () => {
await processFile(event.data)
})
}
},
})

export { fn }
