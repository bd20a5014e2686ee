import { EventSchemas, Inngest, type Logger } from "stepwell/inngest";
import { z } from "zod";
declare const inngestLogger: Logger;
declare const env: { INNGEST_EVENT_KEY: string; INNGEST_SIGNING_KEY: string };

// Without the last option of the original, which is realtime's.
const inngest = new Inngest({
    id: "superstarter",
    checkpointing: true,
    schemas: new EventSchemas().fromSchema({
        "superstarter/hello": z.object({ message: z.string().min(1) })
    }),
    logger: inngestLogger,  // pipes to @superbuilders/slog
    eventKey: env.INNGEST_EVENT_KEY,
    signingKey: env.INNGEST_SIGNING_KEY,
})

export { inngest };
