/** What a spy has seen, in the shape that the matchers of vitest and jest read. One entry a call, in order. */
export interface SpyRecord {
  readonly calls: readonly (readonly unknown[])[];
  /** What each call returned (of a step tool: a promise) or threw. */
  readonly results: readonly { readonly type: "return" | "throw"; readonly value: unknown }[];
  /** What the promises became that have settled. */
  readonly settledResults: readonly { readonly type: "fulfilled" | "rejected"; readonly value: unknown }[];
  readonly lastCall: readonly unknown[] | undefined;
  /** Places of the calls among those of all spies. */
  readonly invocationCallOrder: readonly number[];
}

/** A function that remembers its calls; vitest's and jest's `expect(spy).toHaveBeenCalledWith(…)` take it. */
export type Spy<F> = F & {
  readonly mock: SpyRecord;
  getMockName(): string;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type AnyFunction = (...args: readonly unknown[]) => unknown;

let calls = 0;

/** Calls go on to `call`, and are remembered. Belongs to no test runner: it only has the shape that their matchers ask for. */
export function spyOn(call: AnyFunction, name: string): Spy<AnyFunction> {
  const seen: Mutable<SpyRecord> = {
    calls: [],
    results: [],
    settledResults: [],
    lastCall: undefined,
    invocationCallOrder: [],
  };
  const spy = (...args: readonly unknown[]): unknown => {
    seen.calls.push(args);
    seen.lastCall = args;
    seen.invocationCallOrder.push(++calls);
    try {
      const value = call(...args);
      seen.results.push({ type: "return", value });
      if (value instanceof Promise) settle(value, seen);
      return value;
    } catch (value) {
      seen.results.push({ type: "throw", value });
      throw value;
    }
  };
  return Object.assign(spy, { _isMockFunction: true, mock: seen, getMockName: () => name });
}

const settle = (promise: Promise<unknown>, { settledResults }: Mutable<SpyRecord>) =>
  promise.then(
    (value) => settledResults.push({ type: "fulfilled", value }),
    (value) => settledResults.push({ type: "rejected", value }),
  );
