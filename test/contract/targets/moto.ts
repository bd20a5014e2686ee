import { join } from "node:path";
import type { Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

/** Moto's server, on Python. */
export const moto: Target = {
  name: "moto",
  services: ["dynamodb", "sqs", "events", "scheduler", "stepFunctions", "s3"],
  missing: missingUnless("moto/bin/moto_server"),
  differences: {
    "of 24 racing conditional increments exactly ten win": { sometimes: "its writes race" },
    "of racing newcomers no more enter than there are slots": { sometimes: "its writes race" },
    "a comparison with what is missing, or of another type, is false": "it fails with an accident of its own",
    "a number as a key of an index is refused as invalid": "it is taken",
    "an expression of more than 4 KB is refused as invalid": "it fails with an accident of its own",
    "an item of 400 KB is taken, a byte more is refused as invalid, put or updated": "it counts the quotes of its JSON",
    "size() of a map counts its elements; of none it holds for no comparison":
      "of none it fails with an accident of its own",
    "a page that is full at the last item does not know that it is the last": "it does",
    "a range from high to low is refused as invalid": "it is empty",
    "the visibility of a message that is not in flight is not changed": "it is",
    "the visibility of a message that is gone is not changed": "by another name",
    "an empty message is refused": "it is taken",
    "the character …": "is taken",
    "an event comes as it was put, with an id and its time in whole seconds": "without the account",
    "a rule that is disabled sends nothing until it is enabled again, and keeps its targets": "it sends",
    "an entry that has a detail that is a list fails alone": "it is taken",
    "an entry that has a source of AWS's own fails alone": "it is taken",
    "more than 1 MB is refused as a whole": "by another name",
    "an event for a bus that is not there is accepted, and gone": "it is refused",
    "a pattern …": "it has no TestEventPattern",
    "a rule whose pattern is no object is refused": "it fails with an accident of its own",
    "a rule whose pattern is empty is refused": "it is taken",
    "a rule whose pattern has an unknown operator is refused": "it is taken",
    "a rule whose pattern has two operators in one is refused": "it is taken",
    "a rule whose pattern has a bad …": "it is taken",
    "a rule whose pattern has two stars in a row is refused": "it is taken",
    "an update replaces everything": "what is not given stays",
    "a schedule needs its group": "it fails with an accident of its own",
    "… is no schedule": "nothing is checked",
    "an at() …": "schedules do not fire",
    "a callback that fails is tried again with a new token, and the tries are counted": "the token stays the same",
    "a stopped wait sends nothing, its token is dead, and it may be stopped again": "it goes on running",
    "a name of 80 characters is taken, one of 81 or with a space is refused": "any name is taken",
    "an input that is no JSON is refused": "by another name",
    "a callback's output has to be JSON": "it is taken",
  },
  // Its first execution of a state machine loads a parser.
  patienceSeconds: 15,
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
