import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { expect } from "vitest";
import { errorOf, roleOf } from "../resources.ts";
import type { Promised, World } from "../target.ts";
import { zipOf } from "../zip.ts";

const SOURCE = `export const handler = async (event, context) => {
  if (event.fail) throw new TypeError("no");
  return { event, name: context.functionName };
};
`;

const functionName = (world: World): Promise<string> =>
  world.once("function", async () => {
    const FunctionName = world.unique("function");
    if (world.register !== undefined) {
      await world.register(FunctionName, SOURCE);
      return FunctionName;
    }
    const { lambda } = world.clients;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: roleOf(world),
        Code: { ZipFile: zipOf("index.mjs", SOURCE) },
      }),
    );
    world.atEnd(() => lambda.send(new DeleteFunctionCommand({ FunctionName })));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName });
    return FunctionName;
  });

async function invoke(world: World, FunctionName: string, payload: object) {
  const { FunctionError, Payload, StatusCode } = await world.clients.lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  return { StatusCode, FunctionError, value: JSON.parse(Payload?.transformToString() ?? "") as unknown };
}

export function functions(promised: Promised): void {
  promised("an invocation answers with what the function returns", async (world) => {
    const name = await functionName(world);
    const text = "é\u{1F600}";
    expect(await invoke(world, name, { text })).toEqual({
      StatusCode: 200,
      FunctionError: undefined,
      value: { event: { text }, name },
    });
  });

  promised("a function is invoked by its version too", async (world) => {
    const name = await functionName(world);
    expect((await invoke(world, `${name}:$LATEST`, {})).value).toEqual({ event: {}, name });
  });

  promised("an error of the function is told as such, with its name and message", async (world) => {
    const { FunctionError, value } = await invoke(world, await functionName(world), { fail: true });
    expect(FunctionError).toBe("Unhandled");
    expect(value).toMatchObject({ errorType: "TypeError", errorMessage: "no", trace: expect.any(Array) });
  });

  promised("a function that is not there is named as such", async (world) => {
    expect((await errorOf(invoke(world, world.unique("none"), {}))).name).toBe("ResourceNotFoundException");
  });
}
