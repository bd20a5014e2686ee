import { serve } from "stepwell/lambda";
import { stepwell } from "./client.ts";
import { functions } from "./functions.ts";

export const handler = serve({ client: stepwell, functions });
