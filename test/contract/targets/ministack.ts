import { join } from "node:path";
import { SERVICES, type Target } from "../target.ts";
import { INSTALLED, missingUnless, startEmulator } from "./server.ts";

/** MiniStack, on Python: it executes state machines, schedules and rules. */
export const miniStack: Target = {
  name: "MiniStack",
  services: SERVICES,
  missing: missingUnless("ministack/bin/ministack"),
  differences: {
    "two changes of one attribute is refused as invalid": "it is taken",
    "a change of a map and of an element of it is refused as invalid": "it is taken",
    "a sum with a text is refused as invalid": "it is taken",
    "a key of an index that is too long is refused as invalid": "it is taken",
    "a message that is deleted does not come back, and may be deleted again": "a second deletion is an error",
    "the visibility of a message that is … is not changed": "it is",
    "a delay of more than 15 minutes is refused": "it is taken",
    "a visibility of more than 12 hours is refused": "it is taken",
    "a batch succeeds entry by entry": "it takes a delay of 1,000 seconds",
    "an event comes as it was put, with an id and its time in whole seconds": "the time is that of the arrival",
    "a rule that has targets is not deleted": "it is",
    "an entry that has no …": "it is taken",
    "an entry that has a detail that …": "it is taken",
    "more than 1 MB is refused as a whole": "it is taken",
    "an update replaces everything": "the description is left, as an empty one",
    "schedules are listed by what their names begin with, in pages": "there is one page",
    "a name of … is no schedule": "it is taken",
    "a client token of … is no schedule": "it is taken",
    "nonsense is no schedule": "it is taken",
    "a time with … is no schedule": "it is taken",
    "a day that … is no schedule": "it is taken",
    "a rate of … is no schedule": "it is taken",
    "a cron … is no schedule": "it is taken",
    "an unknown time zone is no schedule": "it is taken",
    "an at() is read in the time zone that is given": "it is read as UTC",
    "a wait whose time is up sends the timeout, and a late callback is told so": "it knows no TimeoutSecondsPath",
    "a wait whose step goes away still times out": "it knows no TimeoutSecondsPath",
    "a callback that fails is tried again with a new token, and the tries are counted": "the token stays the same",
    "a stopped wait sends nothing, its token is dead, and it may be stopped again": "the token lives",
    "the same name and input is the same execution while it runs, and a conflict afterwards":
      "it is a conflict at once",
    "a name of 80 characters is taken, one of 81 or with a space is refused": "any name is taken",
    "an input that is no JSON is refused": "it is taken",
    "an ARN that is none is refused": "by another name",
    "a callback's output has to be JSON": "it is taken",
    "an error of the function is told as such, with its name and message": "without its name",
  },
  // It looks every ten seconds which schedules are due.
  patienceSeconds: 15,
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
