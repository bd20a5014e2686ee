import { setTimeout as sleep } from "node:timers/promises";
import { clients } from "../../local/clients.ts";
import { SERVICES, type Target } from "../target.ts";

const { REMOTE, CONTRACT_ROLE = "", AWS_REGION = "us-east-1" } = process.env;

const ROLE = /^arn:aws:iam::(\d{12}):role\/.+$/;

function missing(): string | undefined {
  if (REMOTE !== "1") return "it costs money: REMOTE=1 asks for it (docs/local-cloud.md)";
  return ROLE.test(CONTRACT_ROLE) ? undefined : "CONTRACT_ROLE has to be the ARN of a role (docs/local-cloud.md)";
}

/**
 * A real account, with the credentials and the region of the environment. Everything that the tests make is named
 * `stepwell-contract-…` and removed at the end; they touch nothing else.
 */
export const remote: Target = {
  name: "AWS",
  services: SERVICES,
  missing: missing(),
  // Schedules fire within a minute after theirs.
  patienceSeconds: 120,
  waitSecondsMax: 200,
  async start() {
    const made = clients({ region: AWS_REGION });
    return {
      clients: made,
      account: ROLE.exec(CONTRACT_ROLE)?.[1] ?? "",
      region: AWS_REGION,
      roleArn: CONTRACT_ROLE,
      now: Date.now,
      pass: (ms) => sleep(ms),
      stop: async () => {
        for (const client of Object.values(made)) client.destroy();
      },
    };
  },
};
