import { join } from "node:path";
import type { Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

const PROGRAM = "fauxqs/node_modules/fauxqs/dist/cli.js";

/** SQS and S3 on Node. */
export const fauxqs: Target = {
  name: "fauxqs",
  services: ["sqs", "s3"],
  missing: missingUnless(PROGRAM),
  differences: {
    "the visibility of a message that is gone is not changed": "by another name",
    "a delay of more than 15 minutes is refused": "it is taken",
    "a message comes back as it was sent, whatever its text": "it takes no characters beyond U+FFFF",
    "a batch succeeds entry by entry": "it takes a delay of 1,000 seconds",
    "an object that must not be there yet is put once": "it knows no conditions",
    "an object is put over the one that was seen only": "it knows no conditions",
  },
  patienceSeconds: 5,
  waitSecondsMax: 5,
  start: () =>
    startEmulator({
      account: "000000000000",
      readyPath: "/",
      command: () => [process.execPath, join(INSTALLED, PROGRAM)],
      env: (port) => ({ FAUXQS_PORT: String(port), FAUXQS_LOGGER: "false" }),
    }),
};
