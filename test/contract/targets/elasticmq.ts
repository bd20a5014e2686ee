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
  differences: {
    "a message that is deleted does not come back, and may be deleted again": "a second deletion is an error",
    "the visibility of a message that is … is not changed": "it is",
    "a message of 1 MiB is taken, a byte more is refused": "the limit is 256 KiB, as it was until 2025",
    "a queue of its own limit takes no larger message": "it does",
    "a visibility of more than 12 hours is refused": "it is taken",
    "an empty message is refused": "by another name",
    "the character …": "is refused by another name",
    "a batch of no entries is refused as a whole": "it is taken",
    "a batch of more than 1 MiB in all is refused as a whole": "by another name",
    "a batch with an id of odd characters is refused as a whole": "it is taken",
  },
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
