import { parseArgs } from "node:util";

export const HELP = `Usage: node examples/webhooks/demo.ts [--timeline <function>] [--crash]

Sends every example webhook of GitHub's (@octokit/webhooks-examples) through a cloud that runs in this process, waits until all runs
have ended, and prints what they did and what they would cost. Takes about ten seconds.

  --timeline <function>   whose run to show step by step (default: ship-release)
  --crash                 run the app in a process of its own, kill it three times in the middle, and show that nothing is lost and
                          what ran twice; takes about a minute
  --help                  this text

Exit code: 0 every run ended as it should (and nothing but what was under way at a kill ran twice); 1 not so; 2 wrong usage; 130 interrupted.
NO_COLOR=1 switches colours off; there are none in a pipe.
`;

export interface DemoOptions {
  readonly help: boolean;
  readonly timeline: string;
  readonly crash: boolean;
}

/** @throws Error with a message for people when an option is unknown or its value makes no sense */
export function readOptions(args: readonly string[], functionIds: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      timeline: { type: "string", default: "ship-release" },
      crash: { type: "boolean", default: false },
    },
  });
  if (!functionIds.includes(values.timeline))
    throw new Error(`There is no function '${values.timeline}'. There are: ${functionIds.join(", ")}.`);
  return values;
}
