import { Inngest } from "stepwell/inngest";

// The original does not show the client of these functions.
export const inngest = new Inngest({ id: "my-app" });
