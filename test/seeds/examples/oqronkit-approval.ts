import { ingest } from 'stepwell/oqronkit'
declare const sendSlack: (to: string, text: string) => Promise<void>
declare const escalateToVP: (expense: object) => Promise<void>
declare const reimburse: (expense: object) => Promise<void>

const approvalFlow = ingest({
name: 'expense/approval',
event: 'expense.submitted',
handler: async ({ event, step }) => {
// Notify manager
await step.run('notify-manager', async () => {
await sendSlack(event.data.managerId, `Expense $${event.data.amount} needs approval`)
})
// Wait up to 48 hours for approval event
const approval = await step.waitForEvent('wait-for-approval', {
event: 'expense.approved',
match: 'data.expenseId', // Match on expenseId field
timeout: '48h',
})
if (!approval) {
await step.run('auto-escalate', async () => {
await escalateToVP(event.data)
})
return { status: 'escalated' }
}
await step.run('process-reimbursement', async () => {
await reimburse(event.data)
})
return { status: 'approved', approvedBy: approval.data.approver }
},
})

export { approvalFlow }
