import type { AnyFunction, RunStatus } from "stepwell";
import { answerDiscussion } from "./answer-discussion.ts";
import { audit } from "./audit.ts";
import { checkCommit } from "./check-commit.ts";
import { deployProduction } from "./deploy-production.ts";
import { reviewPush } from "./review-push.ts";
import { shipRelease } from "./ship-release.ts";
import { tellSubscribers } from "./tell-subscribers.ts";
import { thankFan } from "./thank-fan.ts";
import { triageIssue } from "./triage-issue.ts";
import { weeklyReport } from "./weekly-report.ts";

/** The app's functions. Deployed, the same list goes to `serve({ client: stepwell, functions })` of "stepwell/lambda". */
export const functions: AnyFunction[] = [
  audit,
  triageIssue,
  answerDiscussion,
  reviewPush,
  checkCommit,
  shipRelease,
  tellSubscribers,
  thankFan,
  deployProduction,
  weeklyReport,
];

/** How the runs of each function have to end; the demo checks it. */
export const expectedStatus: Readonly<Record<string, RunStatus>> = {
  audit: "completed",
  "triage-issue": "completed",
  "answer-discussion": "completed",
  "review-push": "completed",
  "check-commit": "completed",
  "ship-release": "completed",
  "tell-subscribers": "completed",
  "thank-fan": "completed",
  "deploy-production": "failed",
  // What `onFailure` makes: a function of its own.
  "deploy-production-failure": "completed",
  "weekly-report": "completed",
};
