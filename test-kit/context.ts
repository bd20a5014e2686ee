import type { AnyEvents, Context, EventOf, StepTools } from "../sdk/index.ts";
import type { Spy } from "./spy.ts";

type AnyFunction = (...args: never[]) => unknown;

/** An object whose functions, also those of objects in it, are spies. */
export type Spied<T> = {
  readonly [K in keyof T]: T[K] extends AnyFunction ? Spy<T[K]> : T[K] extends object ? Spied<T[K]> : T[K];
};

/** What the handler under test was called with: its step tools are spies. */
export type TestContext = Omit<Context<AnyEvents, EventOf<AnyEvents, string>>, "step"> & {
  readonly step: Spied<StepTools<AnyEvents>>;
};

/** Results of steps by id, repeats as `id:1`, `id:2`, …: those that have completed resolve, those that have failed reject. */
export type StepStates = Readonly<Record<string, Promise<unknown>>>;
