import type {
  AnyEventType,
  CancelCause,
  CancelOnOptions,
  Context as EngineContext,
  FunctionOptions as EngineFunctionOptions,
  EventName,
} from "../../../sdk/index.ts";
import type { AddedBy, Middlewares, Over } from "../../../sdk/middleware/index.ts";
import type { FunctionCancelledEvent, FunctionFailedEvent, InngestWaitableName } from "./events.ts";
import type { InngestStepTools } from "./steps.ts";
import type { RunEvent, StartingEvent } from "./triggers.ts";

/** What a handler is called with: `E` is the event of the run, `Several` what `events` holds. */
export interface InngestContext<S, E, Several = E> extends Omit<EngineContext<S, E>, "event" | "events" | "step"> {
  /** The event that started this run. */
  event: E;
  /** All events that started this run. */
  events: [Several, ...Several[]];
  /** The step tools: everything durable goes through them. */
  step: InngestStepTools<S>;
}

/** The body of a function with the triggers `T`; middleware adds `Added` to its context. */
export type Handler<S, T, Result = unknown, Added = Record<never, never>> = (
  context: Over<InngestContext<S, RunEvent<S, T>, Several<S, T>>, Added>,
) => Result;

/** No run is invoked with several events. */
type Several<S, T> = [StartingEvent<S, T>] extends [never] ? RunEvent<S, T> : StartingEvent<S, T>;

/** What `onFailure` is called with. */
export interface FailureContext<S, T> extends InngestContext<S, FunctionFailedEvent<RunEvent<S, T>>> {
  /** The error that ended the run, with its name, message, code and cause. */
  error: Error;
}

/** What `onCancel` is called with. */
export interface CancelContext<S, T> extends InngestContext<S, FunctionCancelledEvent<RunEvent<S, T>>> {
  /** What the run was cancelled by. */
  cause: CancelCause;
}

type CancelOn<S> = CancelOnOptions<EventName<S> | InngestWaitableName | AnyEventType>;
type Same = "onFailure" | "onCancel" | "cancelOn";

/** Options of a function with the triggers `T`: Stepwell's own, under Inngest's names. Middleware as there. */
export interface FunctionOptions<S, T, Added = Record<never, never>, F extends Middlewares = readonly []>
  extends Omit<EngineFunctionOptions<S, never, Added, F>, Same> {
  /** Runs once a run has failed for good, as a durable function of its own: `<id>-failure`. */
  readonly onFailure?: (context: Over<FailureContext<S, T>, Over<Added, AddedBy<F>>>) => unknown;
  /** Runs once a run has been cancelled, as a durable function of its own: `<id>-cancel`. */
  readonly onCancel?: (context: Over<CancelContext<S, T>, Over<Added, AddedBy<F>>>) => unknown;
  /** Events that cancel a run: one, or up to 5. */
  readonly cancelOn?: CancelOn<S> | readonly CancelOn<S>[];
  /** The older name of `checkpointing`. */
  readonly experimentalCheckpointing?: EngineFunctionOptions<S, never>["checkpointing"];
}
