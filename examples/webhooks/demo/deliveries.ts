import { createRequire } from "node:module";
import type { RunView } from "stepwell";

/** An event as it goes to EventBridge. */
export interface Delivery {
  readonly name: string;
  readonly data: object;
}

interface Definition {
  readonly name: string;
  readonly examples: readonly (object & { readonly action?: string })[];
}

/** All example payloads of GitHub's webhooks, as events: `github/issues.opened`, or `github/push` where there is no action. */
export function allDeliveries(): readonly Delivery[] {
  const definitions: readonly Definition[] = createRequire(import.meta.url)("@octokit/webhooks-examples");
  return definitions.flatMap(({ name, examples }) =>
    examples.map((data) => ({ name: `github/${name}${data.action === undefined ? "" : `.${data.action}`}`, data })),
  );
}

/** What somebody has to react to, and what people do then: label the issue, answer the discussion, correct the release notes. */
const OPENERS = ["github/issues.opened", "github/discussion.created", "github/release.published"];
const REACTIONS = ["github/issues.labeled", "github/discussion.answered", "github/release.edited"];

/**
 * The corpus is in alphabetical order, where a label may come before its issue. So the openers go first, and the reactions once
 * somebody waits for them: a wait only gets events that come after it began. (One of the two discussions is never answered.)
 */
export function inOrder(deliveries: readonly Delivery[]) {
  const isOneOf = (names: readonly string[]) => (delivery: Delivery) => names.includes(delivery.name);
  return {
    openers: deliveries.filter(isOneOf(OPENERS)),
    reactions: deliveries.filter(isOneOf(REACTIONS)),
    others: deliveries.filter(({ name }) => !OPENERS.includes(name) && !REACTIONS.includes(name)),
  };
}

/** Whether all runs that wait for somebody's reaction do so by now. */
export const awaitReactions = (runs: readonly RunView[]): boolean =>
  runs
    .filter(({ functionId }) => ["triage-issue", "answer-discussion", "ship-release"].includes(functionId))
    .every(({ steps }) => steps.some(({ kind }) => kind === "waitForEvent"));
