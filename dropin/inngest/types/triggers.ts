import type {
  AnyEventType,
  CronTrigger,
  EventName,
  EventOf,
  EventTrigger,
  InputDataOf,
  InvocationData,
  Trigger,
  TriggeredEvent,
} from "../../../sdk/index.ts";
import type { FunctionInvokedEvent, InngestLifecycleEvents, ScheduledTimerEvent } from "./events.ts";

type InngestTrigger<S> = Trigger<S> | EventTrigger<keyof InngestLifecycleEvents<S> | "inngest/function.invoked">;

/** One trigger, or up to 10 of them. */
export type TriggersOf<S> = InngestTrigger<S> | readonly InngestTrigger<S>[];

type Each<T> = T extends readonly unknown[] ? T[number] : T;

/** The union of the events that triggers start a function with. */
export type StartingEvent<S, T> = ByTrigger<S, Each<T>>;

type Invoked = { readonly event: "inngest/function.invoked" };

type ByTrigger<S, T> = T extends { readonly event: keyof InngestLifecycleEvents<S> }
  ? InngestLifecycleEvents<S>[T["event"]]
  : T extends Invoked
    ? never
    : T extends CronTrigger
      ? ScheduledTimerEvent
      : TriggeredEvent<S, T>;

/** The event of a run: one of those that start it, or that of an invocation, whose data is as theirs. */
export type RunEvent<S, T> = StartingEvent<S, T> | FunctionInvokedEvent<InvokedData<S, T>>;

/** What an invocation brings: what a trigger says of it, else the data of the events; a cron has none. */
type InvokedData<S, T> = [Extract<Each<T>, Invoked>] extends [never]
  ? [StartingEvent<S, T>] extends [never]
    ? // biome-ignore lint/suspicious/noExplicitAny: nothing is known of what a function without triggers is invoked with
      any
    : [Exclude<StartingEvent<S, T>, ScheduledTimerEvent>] extends [never]
      ? ScheduledTimerEvent["data"]
      : Exclude<StartingEvent<S, T>, ScheduledTimerEvent>["data"]
  : ReceivedByInvocation<S, Extract<Each<T>, Invoked>>;

type ReceivedByInvocation<S, T> = T extends AnyEventType
  ? EventOf<S, T>["data"]
  : // biome-ignore lint/suspicious/noExplicitAny: the trigger says nothing of the data
    any;

/** The data that a function may be invoked with. */
export type InvocationDataOf<S, T> = [Each<T>] extends [never]
  ? Record<string, unknown>
  : [Extract<Each<T>, Invoked>] extends [never]
    ? InvocationData<S, T>
    : SentByInvocation<Extract<Each<T>, Invoked>>;

type SentByInvocation<T> = T extends AnyEventType<string, infer E> ? InputDataOf<E> : Record<string, unknown>;

/** The event of an event type, of a name of the client's own, or of Inngest's, as handlers get it. */
export type EventOfName<S, Name extends string | AnyEventType> = Name extends keyof InngestLifecycleEvents<S>
  ? InngestLifecycleEvents<S>[Name]
  : Name extends EventName<S> | AnyEventType
    ? EventOf<S, Name>
    : never;
