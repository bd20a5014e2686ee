import { type GetFunctionInput, NonRetriableError, RetryAfterError, type Stepwell } from "stepwell";
import { describe, expect, it } from "vitest";
import { decideRetry } from "../../lambdas/engine/retry.ts";
import { type App, START } from "../laws/harness.ts";
import { callsWith, playOn } from "./on-stage.ts";

type Input = GetFunctionInput<Stepwell>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A try, as user code sees it. */
interface Try {
  readonly attempt: number;
  readonly isLast: boolean;
  readonly at: number;
}

/** What user code has seen, by name: attempts, whether each was told to be the last, and the time between two, in ms. */
interface Seen {
  readonly attempts: readonly number[];
  readonly last: readonly boolean[];
  readonly delays: readonly number[];
}

type Tries = Map<string, Try[]>;

const noted = (tries: Tries, name: string, { attempt, maxAttempts = 0 }: Input): void => {
  const one = { attempt, isLast: attempt + 1 === maxAttempts, at: Date.now() };
  tries.set(name, [...(tries.get(name) ?? []), one]);
};

const seen = (tries: Tries, name: string): Seen => {
  const all = tries.get(name) ?? [];
  return {
    attempts: all.map(({ attempt }) => attempt),
    last: all.map(({ isLast }) => isLast),
    delays: all.slice(1).map(({ at }, i) => at - (all[i] as Try).at),
  };
};

async function played(options: object, handler: (input: Input, tries: Tries, app: App) => Promise<unknown>) {
  const tries: Tries = new Map();
  const { run, problems, calls } = await playOn({
    name: "retries",
    functions: (app) => [
      app.client.createFunction({ id: "main", ...options }, { event: START }, ((input: Input) =>
        handler(input, tries, app)) as never),
    ],
  });
  expect(problems).toEqual([]);
  const leases = callsWith(calls, "(SET #owner").length;
  return { status: run.status, output: run.output, leases, of: (name: string) => seen(tries, name) };
}

/** Fully jittered: up to so many ms. */
const upTo = (...most: readonly number[]) => most.map((ms) => ({ upTo: ms }));
const ordinary = () => new Error("ordinary");

/** retries · what is thrown · delay before each further try, which tells how many there are */
const golden: readonly (readonly [unknown, string, () => unknown, readonly (number | { readonly upTo: number })[]])[] =
  [
    [undefined, "an error", ordinary, upTo(SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND)],
    [2, "an error", ordinary, upTo(SECOND, 2 * SECOND)],
    [0, "an error", ordinary, []],
    [{ attempts: 1 }, "an error", ordinary, []],
    [{ attempts: 3, backoff: "fixed" }, "an error", ordinary, [SECOND, SECOND]],
    [{ attempts: 5, maxDelay: "3s" }, "an error", ordinary, upTo(SECOND, 2 * SECOND, 3 * SECOND, 3 * SECOND)],
    [2, "RetryAfterError by ms", () => new RetryAfterError("later", 90 * SECOND), [90 * SECOND, 90 * SECOND]],
    [2, "RetryAfterError by duration", () => new RetryAfterError("later", "20m"), [20 * MINUTE, 20 * MINUTE]],
    [1, "RetryAfterError by Date", () => new RetryAfterError("later", new Date(Date.now() + 5 * MINUTE)), [5 * MINUTE]],
    [1, "RetryAfterError by a Date that is past", () => new RetryAfterError("now", new Date(0)), [0]],
    [
      { attempts: 2, maxDelay: "3s" },
      "RetryAfterError past maxDelay",
      () => new RetryAfterError("later", "1h"),
      [60 * MINUTE],
    ],
    [4, "NonRetriableError", () => new NonRetriableError("never"), []],
  ];

describe("B-6: attempts, delays and the last try are as the table says", () => {
  describe.each(["in a step", "outside of steps"] as const)("%s", (where) => {
    it.each(golden)("retries %j, %s", async (retries, _, make, delays) => {
      const { status, of } = await played(retries === undefined ? {} : { retries }, async (input, tries) => {
        const fail = () => {
          noted(tries, "try", input);
          throw make();
        };
        if (where === "in a step") await input.step.run("fails", fail);
        fail();
      });
      const { attempts, last, delays: passed } = of("try");
      const count = delays.length + 1;
      expect({ status, attempts }).toEqual({ status: "failed", attempts: Array.from({ length: count }, (_, i) => i) });
      expect(last.at(-1)).toBe(make() instanceof NonRetriableError ? count === 5 : true);
      expect(last.slice(0, -1)).not.toContain(true);
      for (const [i, delay] of delays.entries()) {
        if (typeof delay === "number") expect(passed[i]).toBe(delay);
        else expect(passed[i]).toBeLessThanOrEqual(delay.upTo);
      }
    });
  });

  it("an error of a step that nobody catches fails the run with the step's last try", async () => {
    const { status, leases } = await played({ retries: { attempts: 3, backoff: "fixed" } }, ({ step }) =>
      step.run("fails", () => Promise.reject(ordinary())),
    );
    // One for each try: the handler is not tried again for it.
    expect({ status, leases }).toEqual({ status: "failed", leases: 3 });
  });

  it("in a try/catch around a step that fails for good: the handler has tries of its own, the step no more", async () => {
    const { status, of } = await played({ retries: { attempts: 3, backoff: "fixed" } }, async (input, tries) => {
      try {
        await input.step.run("inner", () => {
          noted(tries, "inner", input);
          throw ordinary();
        });
      } catch {
        noted(tries, "outer", input);
        throw new RetryAfterError("from the catch", "10m");
      }
    });
    expect(status).toBe("failed");
    expect(of("inner")).toMatchObject({ attempts: [0, 1, 2], delays: [SECOND, SECOND] });
    expect(of("outer").delays).toEqual([10 * MINUTE, 10 * MINUTE]);
  });

  it("nested: a step in the catch of a step in the catch of a step, each with its own count", async () => {
    const { status, output, of } = await played(
      { retries: { attempts: 2, backoff: "fixed" } },
      async (input, tries) => {
        const failing = (name: string) =>
          input.step.run(name, () => {
            noted(tries, name, input);
            throw name === "second" ? new NonRetriableError(name) : ordinary();
          });
        return failing("first").catch(() => failing("second").catch(() => failing("third").catch(() => "survived")));
      },
    );
    expect({ status, output }).toEqual({ status: "completed", output: "survived" });
    expect([of("first"), of("second"), of("third")].map(({ delays }) => delays)).toEqual([[SECOND], [], [SECOND]]);
    expect(of("third").attempts).toEqual([0, 1]);
  });

  it("in parallel: each its own tries and times", async () => {
    const { status, output, of } = await played({ retries: 3 }, async (input, tries) => {
      const flaky = (name: string, times: number, make: () => unknown) =>
        input.step.run(name, () => {
          noted(tries, name, input);
          if (countOf(tries, name) <= times) throw make();
          return name;
        });
      const settled = await Promise.allSettled([
        flaky("a", 2, () => new RetryAfterError("a", "1m")),
        flaky("b", 1, () => new RetryAfterError("b", "20m")),
        flaky("c", 9, () => new NonRetriableError("c")),
        flaky("d", 9, () => new RetryAfterError("d", "2m")),
      ]);
      return settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.message));
    });
    expect({ status, output }).toEqual({ status: "completed", output: ["a", "b", "c", "d"] });
    expect(["a", "b", "c", "d"].map((name) => of(name).delays)).toEqual([
      [MINUTE, MINUTE],
      [20 * MINUTE],
      [],
      [2 * MINUTE, 2 * MINUTE, 2 * MINUTE],
    ]);
  });

  it("the ceiling of the jitter doubles from a second, and is reached", () => {
    const policy = { attempts: 10, backoff: "exponential", maxDelayMs: 60 * SECOND } as const;
    const delays = [1, 2, 3, 6, 7, 9].map((failed) => decideRetry(failed, { kind: "retry" }, policy, 0, () => 1));
    expect(delays).toEqual([1, 2, 4, 32, 60, 60].map((seconds) => ({ retry: true, at: seconds * SECOND })));
    expect(decideRetry(10, { kind: "retry" }, policy, 0, () => 1)).toEqual({ retry: false });
  });
});

const countOf = (tries: Tries, name: string): number => tries.get(name)?.length ?? 0;
