import type { LogSink } from "../../sdk/execution/contract.ts";
import type { RegistrarWorld } from "../aws/crons.ts";

export interface RegistrarDeps {
  readonly world: RegistrarWorld;
  /** Asks a version of an app's Lambda who it is. Nothing is known of the answer yet. */
  readonly askManifest: (functionName: string) => Promise<unknown>;
  readonly log: LogSink;
}
