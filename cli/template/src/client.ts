import { EventSchemas, Stepwell } from "stepwell";

/** The events that this app knows, by name. */
type Events = {
  "my-app/user.signed-up": { data: { userId: string; email: string } };
  "my-app/user.confirmed": { data: { userId: string } };
};

export const stepwell = new Stepwell({ id: "my-app", schemas: new EventSchemas().fromRecord<Events>() });
