import type {
  AiTools,
  AnyEventType,
  EventName,
  Invocable,
  InvokeOptions,
  Jsonify,
  OutputOf,
  ReceivedSignal,
  StepId,
  StepTools,
  WaitForSignalOptions,
} from "../../../sdk/index.ts";
import type { models } from "../steps.ts";
import type { InngestWaitableName } from "./events.ts";
import type { EventOfName } from "./triggers.ts";

/** A wait, with a `Date` as its timeout, or for an event of the engine under Inngest's name. */
interface WaitForEvent<S> {
  <const Name extends InngestWaitableName>(
    id: StepId,
    options: WaitOptions<Name, number | string | Date>,
  ): Promise<EventOfName<S, Name> | null>;
  <const Name extends EventName<S> | AnyEventType>(
    id: StepId,
    options: WaitOptions<Name, Date>,
  ): Promise<EventOfName<S, Name> | null>;
}

type WaitOptions<Name, Timeout> = { readonly event: Name; readonly timeout: Timeout } & (
  | { readonly match?: string; readonly if?: never }
  | { readonly if?: string; readonly match?: never }
);

/** A wait for a signal, with a `Date` as its timeout. */
// biome-ignore lint/suspicious/noExplicitAny: nothing is known of a signal's data unless the caller says so
type WaitForSignal = <Data = any>(
  id: StepId,
  options: Omit<WaitForSignalOptions, "timeout"> & { readonly timeout: Date },
) => Promise<ReceivedSignal<Jsonify<Data>> | null>;

/** An invocation with a `Date` as its timeout. */
type Invoke = <F extends Invocable>(
  id: StepId,
  options: Omit<InvokeOptions<F>, "timeout"> & { readonly function: F; readonly timeout: Date },
) => Promise<OutputOf<F>>;

/** Stepwell's step tools, with what Inngest's take beyond them. */
export interface InngestStepTools<S> extends Omit<StepTools<S>, "waitForEvent" | "waitForSignal" | "invoke" | "ai"> {
  waitForEvent: WaitForEvent<S> & StepTools<S>["waitForEvent"];
  waitForSignal: StepTools<S>["waitForSignal"] & WaitForSignal;
  invoke: StepTools<S>["invoke"] & Invoke;
  readonly ai: AiTools & { readonly models: typeof models };
}
