import { join } from "node:path";
import type { Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

/** Moto's server, on Python. */
export const moto: Target = {
  name: "moto",
  services: ["dynamodb", "sqs", "events", "scheduler", "stepFunctions", "s3"],
  missing: missingUnless("moto/bin/moto_server"),
  patienceSeconds: 5,
  waitSecondsMax: 5,
  start: () =>
    startEmulator({
      account: "123456789012",
      readyPath: "/moto-api/",
      command: (port) => [join(INSTALLED, "moto/bin/moto_server"), "--port", String(port)],
      // Else it would only remember that an execution was started.
      prepare: async (url) => {
        const body = JSON.stringify({ stepfunctions: { execute_state_machine: true } });
        await fetch(`${url}/moto-api/config`, { method: "POST", body });
      },
    }),
};
