/** The smallest app: what its bundle weighs is what every app's bundle weighs at least. */
import { Stepwell } from "stepwell";
import { serve } from "stepwell/lambda";

const client = new Stepwell({ id: "hello" });

const hello = client.createFunction({ id: "hello" }, { event: "hello/world" }, ({ step }) =>
  step.run("greet", () => "Hello, world!"),
);

export const handler = serve({ client, functions: [hello] });
