import { functionsById, type Served } from "../lambdas/runner/functions.ts";
import { appHandler } from "../lambdas/runner/serve.ts";
import type { Client, LocalApp } from "../local/app.ts";
import type { LambdaHandler } from "../local/services/lambda-context.ts";
import type { AnyEvents } from "../sdk/index.ts";

/** An app in this process whose next version can go live. What runs goes on with the version that it began with. */
export interface DeployableApp extends LocalApp {
  /** The alias moves on: from here on invocations are of the next version. Registering it is the caller's. Returns its code version. */
  next(): string;
}

export function deployableApp(
  client: Client<AnyEvents>,
  functionsOf: (version: number) => readonly Served[],
): DeployableApp {
  let version = 0;
  let functions = functionsById(client.id, functionsOf(0));
  let live: LambdaHandler | undefined;
  let makeLive = () => {};
  const codeVersion = () => `v${version}`;
  return {
    client,
    functions: () => [...functions.values()].map(({ manifest }) => manifest),
    lambda: ({ deps }) => {
      makeLive = () => {
        const [served, own] = [functions, codeVersion()];
        live = appHandler(client, served, () => ({ ...deps, functions: served, codeVersion: own })) as never;
      };
      makeLive();
      const handler: LambdaHandler = (event, context, ...others) => live?.(event, context, ...others);
      return { handler, cost: "app" };
    },
    start: (register) => register(codeVersion()),
    next: () => {
      version++;
      functions = functionsById(client.id, functionsOf(version));
      makeLive();
      return codeVersion();
    },
    close: async () => {},
  };
}
