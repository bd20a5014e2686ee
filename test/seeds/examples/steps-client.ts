import { EventSchemas, Inngest } from "stepwell/inngest";

// The original does not show its client. The two events are typed, since `strict` asks for the types of the callbacks' parameters.
interface Events {
  "process/batch": { data: { items: string[] } };
  "data/process.large": { data: { items: string[] } };
}
export const inngest = new Inngest({ id: "my-app" });
export const typed = new Inngest({ id: "my-app", schemas: new EventSchemas().fromRecord<Events>() });
