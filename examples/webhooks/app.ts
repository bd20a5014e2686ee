/** The app as it is deployed, and as the local cloud runs it in a process of its own. */
import { serve } from "stepwell/lambda";
import { stepwell } from "./client.ts";
import { functions } from "./functions.ts";

export const handler = serve({ client: stepwell, functions });
