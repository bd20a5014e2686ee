import type {
  DeploymentCreatedEvent,
  DiscussionAnsweredEvent,
  DiscussionCreatedEvent,
  ForkEvent,
  IssuesLabeledEvent,
  IssuesOpenedEvent,
  PushEvent,
  ReleaseEditedEvent,
  ReleasePublishedEvent,
  StarCreatedEvent,
  WatchStartedEvent,
} from "@octokit/webhooks-types";
import { EventSchemas, Stepwell } from "stepwell";

/** What GitHub sends: `github/<event>.<action>`. Only those that a function names; `github/*` gets all the others too. */
type GitHubEvents = {
  "github/deployment.created": { data: DeploymentCreatedEvent };
  "github/discussion.answered": { data: DiscussionAnsweredEvent };
  "github/discussion.created": { data: DiscussionCreatedEvent };
  "github/fork": { data: ForkEvent };
  "github/issues.labeled": { data: IssuesLabeledEvent };
  "github/issues.opened": { data: IssuesOpenedEvent };
  "github/push": { data: PushEvent };
  "github/release.edited": { data: ReleaseEditedEvent };
  "github/release.published": { data: ReleasePublishedEvent };
  "github/star.created": { data: StarCreatedEvent };
  "github/watch.started": { data: WatchStartedEvent };
};

/** What our functions send and are invoked with. */
type OwnEvents = {
  "repo/activity": { data: { kind: "fan" | "release"; repository: string; text: string } };
  "repo/check.requested": { data: { repository: string; commit: string; check: "licence" | "secrets" | "spelling" } };
};

/** The app. Event names are completed by the editor, and handlers get the types of their events: nobody writes a generic. */
export const stepwell = new Stepwell({
  id: "webhooks",
  schemas: new EventSchemas().fromRecord<GitHubEvents>().fromRecord<OwnEvents>(),
});
