import { join } from "node:path";
import { SERVICES, type Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

/** MiniStack, on Python: it executes state machines, schedules and rules. */
export const miniStack: Target = {
  name: "MiniStack",
  services: SERVICES,
  missing: missingUnless("ministack/bin/ministack"),
  patienceSeconds: 5,
  waitSecondsMax: 5,
  start: () =>
    startEmulator({
      account: "000000000000",
      readyPath: "/_localstack/health",
      command: () => [join(INSTALLED, "ministack/bin/ministack")],
      env: (port) => ({
        GATEWAY_PORT: String(port),
        BIND_HOST: "127.0.0.1",
        MINISTACK_HOST: "127.0.0.1",
        SERVICES: "dynamodb,sqs,events,scheduler,stepfunctions,lambda,s3,iam,sts",
      }),
    }),
};
