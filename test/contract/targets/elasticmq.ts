import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

const configuration = (port: number) => `
include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
rest-sqs { bind-port = ${port}, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats.enabled = false
aws { region = us-east-1, accountId = 000000000000 }
`;

/** SQS on a JVM, the longest in use of its emulators. */
export const elasticMq: Target = {
  name: "ElasticMQ",
  services: ["sqs"],
  missing: missingUnless("elasticmq/lib"),
  patienceSeconds: 5,
  waitSecondsMax: 5,
  start: () =>
    startEmulator({
      account: "000000000000",
      readyPath: "/",
      command: (port, folder) => {
        const file = join(folder, "elasticmq.conf");
        writeFileSync(file, configuration(port));
        const classes = join(INSTALLED, "elasticmq/lib/*");
        return ["java", `-Dconfig.file=${file}`, "-cp", classes, "org.elasticmq.server.Main"];
      },
    }),
};
