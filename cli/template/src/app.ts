/** The entry: what is deployed as a Lambda, and what `npm run dev` runs. */
import { serve } from "stepwell/lambda";
import { stepwell } from "./client.ts";
import { functions } from "./functions/index.ts";

export const handler = serve({ client: stepwell, functions });
