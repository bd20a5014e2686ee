/** What `cdk.json` deploys: an engine, and the example as its app. */
import { join } from "node:path";
import { App as CdkApp, Stack } from "aws-cdk-lib";
import { App, Engine } from "./index.ts";

const cdk = new CdkApp();
const stack = new Stack(cdk, "Stepwell", { description: "Stepwell, and the functions of examples/webhooks" });
const engine = new Engine(stack, "Engine");
new App(stack, "Webhooks", {
  engine,
  clientId: "webhooks",
  entry: join(import.meta.dirname, "../examples/webhooks/app.ts"),
});
