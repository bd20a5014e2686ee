import type { LogSink } from "../../sdk/execution/contract.ts";
import type { World } from "../aws/index.ts";

export interface RegistrarDeps {
  readonly world: World;
  /** Asks a version of an app's Lambda who it is. Nothing is known of the answer yet. */
  readonly askManifest: (functionName: string) => Promise<unknown>;
  readonly log: LogSink;
}
