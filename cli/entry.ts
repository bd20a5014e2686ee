import { existsSync } from "node:fs";
import { Failure } from "./failure.ts";

/** @throws Failure when an app's entry is not there: a slip of the keyboard, more often than not */
export function refuseMissing(entry: string): void {
  if (existsSync(entry)) return;
  throw new Failure(`There is no file ${entry}.`, {
    code: "STEPWELL_INVALID_OPTION",
    advice: "The entry is the file that exports `handler = serve({ client, functions })`, such as src/app.ts.",
  });
}
