import type { Context, GetEvents, GetFunctionInput, GetStepTools, InngestFunction } from "stepwell/inngest"
import { fromRecord as inngest } from "./overview-types.ts"

type Events = GetEvents<typeof inngest>
type Input = GetFunctionInput<typeof inngest, "app/user.created">
type Steps = GetStepTools<typeof inngest>
type FnArray = InngestFunction.Any[]

export const onUser = async ({ event }: Input, step: Steps) => step.run("id", () => event.data.userId)
export const idOf = (event: Events["app/user.created"]) => event.data.userId
export const functions: FnArray = [inngest.createFunction({ id: "helped" }, { event: "app/user.created" }, async (input) => onUser(input, input.step))]
/** What the text says beside: `Context<typeof inngest, EventKey, Overrides>`. */
export type WithDb = Context<typeof inngest, "app/user.created", { db: { name: string } }>
