import type { DurableFunction, LogSink } from "../../sdk/execution/index.ts";
import type { Clock } from "../../sdk/protocol/index.ts";
import type { AppWorld } from "../aws/app-world.ts";
import type { EngineBinding } from "../contract.ts";

/** Everything that a runner needs from outside. Composition roots make it: `serve()` in Lambda, `startLocal()` on a laptop. */
export interface RunnerDeps {
  readonly world: AppWorld;
  readonly binding: EngineBinding & { readonly runQueueUrl: string };
  readonly functions: ReadonlyMap<string, DurableFunction>;
  readonly clock: Clock;
  readonly random: () => number;
  /** A fresh name for a lease's owner. */
  readonly nonce: () => string;
  readonly log: LogSink;
  readonly codeVersion: string;
  /** The event and the context of the invocation, for middleware. */
  readonly reqArgs?: readonly unknown[];
}
