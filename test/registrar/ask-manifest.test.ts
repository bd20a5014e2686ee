import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, expect, it } from "vitest";
import { askManifestBy } from "../../lambdas/registrar/ask-manifest.ts";

const lambda = mockClient(LambdaClient);
const ask = askManifestBy(new LambdaClient({ region: "us-east-1" }));
const payload = (answer: unknown) => Buffer.from(JSON.stringify(answer)) as never;
const version = "arn:aws:lambda:us-east-1:123456789012:function:stepwell-app-main-shop:7";

beforeEach(() => {
  lambda.reset();
});

it("asks the very version that it was told of", async () => {
  lambda.on(InvokeCommand).resolves({ Payload: payload({ v: 1, app: "shop", functions: [] }) });
  expect(await ask(version)).toEqual({ v: 1, app: "shop", functions: [] });
  expect(lambda.commandCalls(InvokeCommand)[0]?.args[0].input).toMatchObject({
    FunctionName: version,
    Payload: '{"stepwell":"manifest"}',
  });
});

it("code that crashes at its import is told as Lambda tells it", async () => {
  const failure = { errorType: "Runtime.ImportModuleError", errorMessage: "Cannot find module 'sharp'" };
  lambda.on(InvokeCommand).resolves({ FunctionError: "Unhandled", Payload: payload(failure) });
  await expect(ask(version)).rejects.toMatchObject({
    code: "STEPWELL_REGISTRATION_FAILED",
    message: expect.stringMatching(/shop:7 failed.*ImportModuleError: Cannot find module 'sharp'.*stays in force/),
  });
});

it("a long message is cut: CloudFormation shows nothing of an answer over 4 KB", async () => {
  const failure = { errorType: "ZodError", errorMessage: `[\n${"  Zuständig, 必須\n".repeat(1_000)}]` };
  lambda.on(InvokeCommand).resolves({ FunctionError: "Unhandled", Payload: payload(failure) });
  const error = await ask(version).catch((reason: Error) => reason as Error);
  const { message } = error as Error;
  expect(message).toMatch(/ZodError: \[\n {2}Zuständig, 必須\n.*… What was registered before stays in force/s);
  // The CDK's Lambda tells a message of several lines twice, before a stack of some hundred bytes.
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(1_500);
});

it("an answer of nothing is no manifest, and no crash", async () => {
  lambda.on(InvokeCommand).resolves({});
  expect(await ask(version)).toBeNull();
});
