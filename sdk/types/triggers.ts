import type { CronEvent, EventName, EventOf, InputDataOf, IsUntyped, LifecycleEvents, Pattern } from "./events.ts";
import type { AnyEventType } from "./schemas.ts";

/** Names that a trigger may give: known events, wildcards over them, and the engine's own. */
export type TriggerName<S> = EventName<S> | Wildcard<EventName<S>> | keyof LifecycleEvents<S>;

/** The wildcards that make sense for a name: `app/*` and `app/user.*` for `app/user.created`. */
type Wildcard<Name extends string> = Name extends `${infer Head}/${infer Rest}`
  ? `${Head}/*` | (Rest extends `${infer Object}.${string}` ? `${Head}/${Object}.*` : never)
  : Name extends `${infer Head}.${string}`
    ? `${Head}.*`
    : never;

/** Starts a function for each event of that name (and for which `if` holds). */
export interface EventTrigger<Name extends string | AnyEventType = string> {
  /** An event's name, a wildcard such as `app/*`, or an `eventType`. At most 128 characters. */
  readonly event: Name;
  /** A CEL condition over `event`, such as `event.data.total > 100`. */
  readonly if?: string;
  readonly cron?: never;
}

/** Starts a function by the clock. */
export interface CronTrigger {
  /** Five fields, in UTC unless it starts with a zone: `TZ=Europe/Rome 0 9 * * 1-5`. */
  readonly cron: string;
  readonly if?: never;
}

/** One of them; an `eventType` is a trigger by itself. (`CronTrigger` has no `event?: never`: with it, the compiler explains an unknown event name by the wrong one.) */
export type Trigger<S> = EventTrigger<TriggerName<S> | AnyEventType> | AnyEventType | CronTrigger;
/** One trigger, or 1 to 10 of them. */
export type Triggers<S> = Trigger<S> | readonly Trigger<S>[];

type Each<T> = T extends readonly unknown[] ? T[number] : T;

/** The union of the events by which these triggers start a function. */
export type TriggeredEvent<S, T> = ByTrigger<S, Each<T>>;

type ByTrigger<S, T> = T extends AnyEventType
  ? EventOf<S, T>
  : T extends { readonly event: infer Name extends string | AnyEventType }
    ? ByName<S, Name>
    : T extends { readonly cron: string }
      ? CronEvent
      : never;

type ByName<S, Name extends string | AnyEventType> = Name extends `${string}*${string}`
  ? IsUntyped<S> extends true
    ? EventOf<S, Pattern<Name>>
    : EventOf<S, Extract<EventName<S>, Pattern<Name>>>
  : EventOf<S, Name>;

/** The data with which a function may be invoked: what its events may be sent with; anything for a cron. */
export type InvocationData<S, T> = [DataByTrigger<S, Each<T>>] extends [never]
  ? Record<string, unknown>
  : DataByTrigger<S, Each<T>>;

type DataByTrigger<S, T> =
  T extends AnyEventType<string, infer E>
    ? InputDataOf<E>
    : T extends { readonly event: infer Name extends string }
      ? DataByName<S, Name>
      : T extends { readonly event: AnyEventType<string, infer E> }
        ? InputDataOf<E>
        : never;

type DataByName<S, Name extends string> = Name extends keyof LifecycleEvents<S>
  ? LifecycleEvents<S>[Name]["data"]
  : Name extends keyof S
    ? InputDataOf<S[Name]>
    : { [K in Extract<EventName<S>, Pattern<Name>>]: InputDataOf<S[K]> }[Extract<EventName<S>, Pattern<Name>>];
