import { App as CdkApp, Stack } from "aws-cdk-lib";
import { App, Engine } from "stepwell/cdk";

const stack = new Stack(new CdkApp(), "shop");
const engine = new Engine(stack, "engine");
new App(stack, "app", { engine, clientId: "shop", entry: "handler.ts" });
