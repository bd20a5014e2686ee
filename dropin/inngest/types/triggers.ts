import type {
  CronTrigger,
  EventName,
  EventOf,
  EventTrigger,
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

type ByTrigger<S, T> = T extends { readonly event: keyof InngestLifecycleEvents<S> }
  ? InngestLifecycleEvents<S>[T["event"]]
  : T extends { readonly event: "inngest/function.invoked" }
    ? never
    : T extends CronTrigger
      ? ScheduledTimerEvent
      : TriggeredEvent<S, T>;

/** The event of a run: one of those that start it, or that of an invocation, whose data is as theirs. */
export type RunEvent<S, T> = StartingEvent<S, T> | FunctionInvokedEvent<InvokedData<S, T>>;

/** Of crons and events, an invocation brings the data of the events. */
type InvokedData<S, T> = [StartingEvent<S, T>] extends [never]
  ? // biome-ignore lint/suspicious/noExplicitAny: nothing is known of what a function without triggers is invoked with
    any
  : [Exclude<StartingEvent<S, T>, ScheduledTimerEvent>] extends [never]
    ? ScheduledTimerEvent["data"]
    : Exclude<StartingEvent<S, T>, ScheduledTimerEvent>["data"];

/** The data that a function may be invoked with. */
export type InvocationDataOf<S, T> = [Each<T>] extends [never]
  ? Record<string, unknown>
  : Each<T> extends { readonly event: "inngest/function.invoked" }
    ? Record<string, unknown>
    : InvocationData<S, T>;

/** The event of a name of the client's own, or of Inngest's, as handlers get it. */
export type EventOfName<S, Name extends string> = Name extends keyof InngestLifecycleEvents<S>
  ? InngestLifecycleEvents<S>[Name]
  : Name extends EventName<S>
    ? EventOf<S, Name>
    : never;
