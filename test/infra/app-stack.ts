import { App as CdkApp, Stack, type StackProps } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { App, type AppProps, Engine, type IEngine } from "stepwell/cdk";

/** Code that was built elsewhere: tests of everything but bundling need none of it. */
export const builtCode = () => lambda.Code.fromInline("exports.handler = async () => ({});");

type Given = Partial<AppProps>;

/** A stack with one app of an engine that is deployed elsewhere. */
export function appStack(given: Given = {}, more: { readonly stack?: StackProps; readonly engine?: IEngine } = {}) {
  const stack = new Stack(new CdkApp(), "Apps", more.stack);
  const engine = more.engine ?? Engine.fromName(stack, "Engine", "stepwell", { environments: ["main", "staging"] });
  const code = given.entry === undefined ? { code: builtCode() } : {};
  const app = new App(stack, "Shop", { engine, clientId: "shop", ...code, ...given });
  return { stack, engine, app, template: () => Template.fromStack(stack) };
}

/** The properties of the only resource of that type, or of those whose logical id has `part` in it. */
export function propertiesOf(template: Template, type: string, part = ""): Record<string, unknown> {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.includes(part));
  const [only, ...others] = found.map(([, resource]) => resource as { Properties: Record<string, unknown> });
  if (only === undefined || others.length > 0)
    throw new Error(`${found.length} resources ${type} with "${part}" in the id`);
  return only.Properties;
}
