import { NonRetriableError } from "stepwell";
import { stepwell } from "./client.ts";

/**
 * Production is protected, and nobody has approved these deployments: its runs fail, as they should. No retry would help, so the
 * error says so, and `onFailure` runs at once.
 */
export const deployProduction = stepwell.createFunction(
  {
    id: "deploy-production",
    onFailure: async ({ event, error, step }) => {
      const { deployment } = event.data.event.data;
      return step.run("tell-the-team", () => `Deployment ${deployment.id} did not happen: ${error.message}`);
    },
  },
  { event: "github/deployment.created", if: "event.data.deployment.environment == 'production'" },
  async ({ event, step }) => {
    const { environment, ref, payload } = event.data.deployment;
    await step.run("check-approval", () => {
      if (!isApproved(payload)) throw new NonRetriableError(`${ref} to ${environment}: nobody has approved it.`);
    });
    return step.run("deploy", () => `${ref} is on ${environment}.`);
  },
);

/** Our tools put the approver's name into the payload. */
const isApproved = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "approvedBy" in payload;
