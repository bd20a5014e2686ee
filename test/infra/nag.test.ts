import { App as CdkApp, Stack, type StackProps } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as sns from "aws-cdk-lib/aws-sns";
import { AwsSolutionsChecks } from "cdk-nag";
import { App, Engine, type EngineProps } from "stepwell/cdk";
import { expect, it } from "vitest";
import { flaggedApp } from "./engine-stack.ts";

const code = lambda.Code.fromInline("exports.handler = () => {};");

/** Findings of cdk-nag that nobody has acknowledged, each with where it is. */
function findings(cdk: CdkApp): readonly string[] {
  const { violations } = new AwsSolutionsChecks(cdk).validateScope(cdk);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
  );
}

/** Everything of ours in one stack. */
function everything(cdk: CdkApp, given: (stack: Stack) => EngineProps, props: StackProps = {}): CdkApp {
  const stack = new Stack(cdk, "Stack", props);
  const engine = new Engine(stack, "Engine", given(stack));
  engine.listen(events.EventBus.fromEventBusName(stack, "Default", "default"), { source: ["aws.s3"] });
  new App(stack, "Shop", { engine, clientId: "shop", code });
  return cdk;
}

const protectedByKey = (stack: Stack): EngineProps => {
  const masterKey = new kms.Key(stack, "Key", { enableKeyRotation: true });
  return { encryptionKey: masterKey, alarmTopic: new sns.Topic(stack, "Alarms", { enforceSSL: true, masterKey }) };
};

it.each<[string, () => CdkApp]>([
  ["an engine and an app as they come", () => everything(flaggedApp(), () => ({}))],
  ["without the CDK's feature flags", () => everything(new CdkApp(), () => ({}))],
  ["with a customer's key and an alarm topic", () => everything(flaggedApp(), protectedByKey)],
  [
    "in an account and a region that are known",
    () => everything(flaggedApp(), protectedByKey, { env: { account: "111111111111", region: "eu-west-1" } }),
  ],
])("cdk-nag finds nothing that is not explained: %s", (_name, make) => {
  expect(findings(make())).toEqual([]);
});

it("cdk-nag finds nothing in an app whose engine is elsewhere", () => {
  const cdk = flaggedApp();
  const stack = new Stack(cdk, "Apps");
  const engine = Engine.fromName(stack, "Engine", "stepwell", { hasEncryptionKey: true });
  new App(stack, "Shop", { engine, clientId: "shop", code });
  expect(findings(cdk)).toEqual([]);
});

it("cdk-nag does look at the engine: without the acknowledgements there are findings", () => {
  const cdk = everything(flaggedApp(), () => ({}));
  for (const construct of cdk.node.findAll()) {
    const { metadata } = construct.node as unknown as { readonly metadata: unknown[] };
    Object.defineProperty(construct.node, "metadata", { value: metadata.slice(metadata.length) });
  }
  expect(findings(cdk).length).toBeGreaterThan(10);
});
