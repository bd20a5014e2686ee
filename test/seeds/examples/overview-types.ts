import { EventSchemas, Inngest } from "stepwell/inngest";
import { z } from "zod";

interface AppUserCreated { name: "app/user.created"; data: { userId: string } }
interface AppPostCreated { name: "app/post.created"; data: { postId: string } }
type Events = { "app/user.created": { data: { userId: string } } };
const zodSchemas = { "app/user.deleted": z.object({ userId: z.string() }) };

// The original shows the option alone.
export const fromSchema = new Inngest({ id: "types",
// 1. Standard Schema (Zod, Valibot, etc.)
schemas: new EventSchemas().fromSchema({
    "app/user.created": z.object({ userId: z.string() })
})
});

export const fromRecord = new Inngest({ id: "types",
// 2. Record type
schemas: new EventSchemas().fromRecord<{
    "app/user.created": { data: { userId: string } }
}>()
});

export const fromUnion = new Inngest({ id: "types",
// 3. Union type
schemas: new EventSchemas().fromUnion<AppUserCreated | AppPostCreated>()
});

export const stacked = new Inngest({ id: "types",
// Can be stacked
schemas: new EventSchemas()
    .fromRecord<Events>()
    .fromSchema(zodSchemas)
});
