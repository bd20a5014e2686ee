import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App as CdkApp, Stack, type StackProps } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Engine, type EngineProps } from "stepwell/cdk";

export const ROOT = join(import.meta.dirname, "../..");

/** The CDK's own validation of templates takes seconds: `synth.test.ts` has it, once. */
process.env.CDK_VALIDATION = "false";

/** A CDK app with the feature flags of `cdk.json`. */
export const flaggedApp = (): CdkApp =>
  new CdkApp({ context: JSON.parse(readFileSync(join(ROOT, "cdk.json"), "utf8")).context });

/** A stack with an engine; its template is made when it is asked for, once. */
export function engineStack(given: EngineProps | ((stack: Stack) => EngineProps) = {}, stackProps: StackProps = {}) {
  const stack = new Stack(flaggedApp(), "Engines", stackProps);
  const engine = new Engine(stack, "Engine", typeof given === "function" ? given(stack) : given);
  let template: Template | undefined;
  return {
    stack,
    engine,
    template: () => {
      template ??= Template.fromStack(stack);
      return template;
    },
  };
}

const COMMERCIAL: Readonly<Record<string, string>> = { "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com" };

/** Text of a template, as CloudFormation makes it outside of China and of governments' regions. */
export function deployedText(value: unknown, known = COMMERCIAL): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join, Ref } = value as { readonly "Fn::Join"?: [string, unknown[]]; readonly Ref?: string };
  if (join !== undefined) return join[1].map((part) => deployedText(part, known)).join(join[0]);
  return known[Ref ?? ""] ?? `<${Ref}>`;
}
