import { join } from "node:path";
import type { Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

const LIBRARIES = join(INSTALLED, "dynamodb-local", "lib");

/** AWS's own DynamoDB for laptops, on a JVM. */
export const dynamoDbLocal: Target = {
  name: "DynamoDB Local",
  services: ["dynamodb"],
  missing: missingUnless("dynamodb-local/lib"),
  patienceSeconds: 5,
  start: () =>
    startEmulator({
      account: "000000000000",
      readyPath: "/",
      command: (port) => [
        "java",
        `-Djava.library.path=${LIBRARIES}`,
        "-cp",
        join(LIBRARIES, "*"),
        "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
        ...["-inMemory", "-port", String(port)],
      ],
    }),
};
