import type { FlowManifest } from "./flow.ts";

/** What an app's Lambda answers when the registrar asks who it is. */
export interface Manifest {
  readonly v: 1;
  readonly app: string;
  /** The client's, for a laptop: in AWS it is the deploy that says it. */
  readonly environment?: string;
  readonly functions: readonly FunctionManifest[];
}

export interface FunctionManifest {
  readonly id: string;
  readonly name?: string;
  readonly triggers: readonly TriggerManifest[];
  /** Absent: no flow control, and no limits to the runs' lifetime. */
  readonly flow?: FlowManifest;
  readonly lookback?: readonly Lookback[];
}

/** An event of which waits of the function see arrivals from before they began. */
export interface Lookback {
  readonly event: string;
  /** Paths in it by whose values the waits are found, sorted. */
  readonly paths: readonly string[];
}

export type TriggerManifest =
  | { readonly kind: "event"; readonly event: string; readonly if?: string }
  | {
      readonly kind: "cron";
      /** As the user wrote it, with its zone. */
      readonly cron: string;
      readonly timeZone: string;
      /** The same as EventBridge Scheduler writes it: two where day of month and day of week are both given. */
      readonly schedules: readonly string[];
    };

/** An app in the registry: its manifest, and where its runs are sent. */
export interface RegisteredApp {
  readonly v: 1;
  readonly env: string;
  readonly manifest: Manifest;
  readonly hash: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly codeVersion: string;
  /** Whether some function has, or has had, a concurrency limit: then runs may stand in queues, and the sweeper looks there. */
  readonly queues?: true;
}
