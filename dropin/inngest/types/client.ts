import type { ClientOptions as EngineClientOptions, Logger } from "../../../sdk/index.ts";
import type { Middlewares } from "../../../sdk/middleware/index.ts";

/** Options of `new Inngest`, of v3 and v4. Those without effect are here so that a client's options can stay as they are. */
export interface ClientOptions<S, M extends Middlewares = Middlewares>
  extends Omit<EngineClientOptions<S, M>, "environment"> {
  /** The environment that functions and events are in; any text. @default - `INNGEST_ENV`, else "main" */
  readonly env?: string | undefined;
  /** The older name of `checkpointing`. */
  readonly experimentalCheckpointing?: EngineClientOptions<S>["checkpointing"];
  /** No effect: AWS credentials say who may send. */
  readonly eventKey?: string | undefined;
  /** No effect: IAM says who may invoke the app's Lambda. */
  readonly signingKey?: string | undefined;
  /** No effect, as `signingKey`. */
  readonly signingKeyFallback?: string | undefined;
  /** No effect: the local cloud is a dev server of its own, and functions are bound to it by `startLocal`. */
  readonly isDev?: boolean | undefined;
  /** No effect: events are sent by the AWS SDK. */
  readonly fetch?: typeof fetch | undefined;
  /** No effect: runs record the version of the Lambda. */
  readonly appVersion?: string | undefined;
  /** No effect: parallel steps share an invocation anyway. */
  readonly optimizeParallelism?: boolean | undefined;
  /** No effect: the engine logs JSON, by Lambda's own means. */
  readonly internalLogger?: Logger | undefined;
  /** No effect: Lambda's log level says which lines are kept. */
  readonly logLevel?: string | undefined;
  /** No effect: nothing waits for a response. */
  readonly streaming?: "allow" | "force" | boolean | undefined;
  /** No effect: spans are not read. */
  readonly aiMetadata?: boolean | undefined;
}
