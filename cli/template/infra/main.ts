import { App as CdkApp, Stack } from "aws-cdk-lib";
import { App, Engine } from "stepwell/cdk";
import { stepwell } from "../src/client.ts";

const stack = new Stack(new CdkApp(), "my-app");

/** What keeps runs: one for all apps of an account and region. */
const engine = new Engine(stack, "Engine");

/** The Lambda that runs this app's functions. */
new App(stack, "App", { engine, clientId: stepwell.id, entry: "src/app.ts" });
