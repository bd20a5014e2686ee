import { ingest } from 'stepwell/oqronkit'
declare const stripe: { customers: { create(customer: object): Promise<{ id: string }> } }
declare const sendEmail: (email: object) => Promise<void>
declare const db: { users: { findById(id: string): Promise<{ onboardingComplete: boolean }> } }

const onUserSignup = ingest({
name: 'user/signup',
event: 'user.created',
handler: async ({ event, step }) => {
// Step 1: Create account in billing system
const customer = await step.run('create-stripe-customer', async () => {
return await stripe.customers.create({
email: event.data.email,
name: event.data.name,
})
})
// Step 2: Wait 1 hour before sending welcome email
await step.sleep('wait-for-onboarding', '1h')
// Step 3: Send welcome email
await step.run('send-welcome-email', async () => {
await sendEmail({
to: event.data.email,
template: 'welcome',
vars: { name: event.data.name, customerId: customer.id },
})
})
// Step 4: Wait 3 days, then check engagement
await step.sleep('wait-for-engagement', '3d')
// Step 5: Check if user has completed onboarding
const profile = await step.run('check-onboarding', async () => {
return await db.users.findById(event.data.userId)
})
if (!profile.onboardingComplete) {
await step.run('send-nudge-email', async () => {
await sendEmail({
to: event.data.email,
template: 'onboarding-nudge',
})
})
}
return { customerId: customer.id, onboarded: profile.onboardingComplete }
},
})

export { onUserSignup }
