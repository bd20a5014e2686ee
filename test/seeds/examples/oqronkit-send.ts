import { send } from 'stepwell/oqronkit'
type Handler = (req: { body: object }, res: { json(body: object): void }) => Promise<void>
declare const app: { post(path: string, handler: Handler): void }
declare const db: { users: { create(user: object): Promise<{ id: string; email: string; name: string }> } }

// From your API route
app.post('/api/signup', async (req, res) => {
const user = await db.users.create(req.body)
// Fire the event — all matching ingest functions execute
await send({
name: 'user.created',
data: {
userId: user.id,
email: user.email,
name: user.name,
},
})
res.json({ userId: user.id })
})
