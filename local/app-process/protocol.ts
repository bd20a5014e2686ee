import type { FunctionError } from "../services/lambda-error.ts";

/** What the local cloud tells an app's process. */
export type ToApp =
  | {
      readonly kind: "invoke";
      readonly id: string;
      readonly functionName: string;
      /** When Lambda would end the invocation, in ms since the epoch. */
      readonly deadline: number;
      readonly event: unknown;
    }
  | { readonly kind: "ping" };

/** What an app's process tells the local cloud. */
export type FromApp =
  /** The entry is loaded. */
  | { readonly kind: "loaded" }
  /** The entry cannot be loaded, or is no app. */
  | { readonly kind: "refused"; readonly error: FunctionError }
  | { readonly kind: "begun"; readonly id: string }
  | { readonly kind: "value"; readonly id: string; readonly value: unknown }
  | { readonly kind: "error"; readonly id: string; readonly error: FunctionError }
  /** It is alive; and whether a debugger may stop it. */
  | { readonly kind: "pong"; readonly debugged: boolean };
