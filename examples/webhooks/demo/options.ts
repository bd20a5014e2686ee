import { parseArgs } from "node:util";

export const HELP = `Usage: node examples/webhooks/demo.ts [--timeline <function>]

Sends every example webhook of GitHub's (@octokit/webhooks-examples) through a cloud that runs in this process, waits until all runs
have ended, and prints what they did and what they would cost. Takes about ten seconds.

  --timeline <function>   whose run to show step by step (default: ship-release)
  --help                  this text

Exit code: 0 every run ended as it should; 1 some did not; 2 wrong usage; 130 interrupted.
NO_COLOR=1 switches colours off; there are none in a pipe.
`;

export interface DemoOptions {
  readonly help: boolean;
  readonly timeline: string;
}

/** @throws Error with a message for people when an option is unknown or its value makes no sense */
export function readOptions(args: readonly string[], functionIds: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { help: { type: "boolean", default: false }, timeline: { type: "string", default: "ship-release" } },
  });
  if (!functionIds.includes(values.timeline))
    throw new Error(`There is no function '${values.timeline}'. There are: ${functionIds.join(", ")}.`);
  return values;
}
