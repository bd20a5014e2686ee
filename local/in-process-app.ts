import { functionsById, type Served } from "../lambdas/runner/functions.ts";
import { appHandler } from "../lambdas/runner/serve.ts";
import type { AnyEvents } from "../sdk/index.ts";
import type { Client, LocalApp } from "./app.ts";

const CODE_VERSION = "local";

/** An app whose functions are in this process. */
export function inProcessApp(client: Client<AnyEvents>, served: readonly Served[]): LocalApp {
  const functions = functionsById(client.id, served, "startLocal: functions");
  return {
    client,
    functions: () => [...functions.values()].map(({ manifest }) => manifest),
    lambda: ({ deps }) => {
      const handler = appHandler(client, functions, () => ({ ...deps, functions, codeVersion: CODE_VERSION }));
      return { handler: handler as never, cost: "app" };
    },
    start: (register) => register(CODE_VERSION),
    close: async () => {},
  };
}
