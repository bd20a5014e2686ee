import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type AnyFunction, type GetFunctionInput, RetryAfterError, Stepwell } from "stepwell";

/** Half a KB by HTTP; nobody waits for this server to close. */
const server = createServer((_, response) => response.end(HALF_KB))
  .listen(0, "127.0.0.1")
  .unref();
const halfKb = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** The runs whose price `docs/cost.md` tells. Events have half a KB of data, and so have results. */
export const client = new Stepwell({ id: "cost" });
export const HALF_KB = "x".repeat(500);
export const APPROVED = "cost/approved";

type Input = GetFunctionInput<typeof client>;

const steps = async (step: Input["step"], count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await step.run("step", () => HALF_KB);
};
const sleep = ({ step }: Input) => step.sleep("an hour", "1h");
const approval = ({ step }: Input) =>
  step.waitForEvent("approval", { event: APPROVED, match: "data.id", timeout: "7d" });
const signal = ({ event, step }: Input) =>
  step.waitForSignal("signal", { signal: `approve/${event.data.id}`, timeout: "7d" });
const sleepAndApproval = async (input: Input) => {
  await approval(input);
  await sleep(input);
};
const child = client.createFunction({ id: "child" }, { event: "cost/child" }, () => "done");

/** Each is a function of its own, started by the event `cost/<id>`. */
const workload = (id: string, handler: (input: Input) => Promise<unknown>, options: object = {}) => ({
  event: `cost/${id}`,
  fn: client.createFunction({ id, ...options }, { event: `cost/${id}` }, handler as never) as AnyFunction,
});
export type Workload = ReturnType<typeof workload>;

const fiveAnd = (id: string, more: (input: Input) => Promise<unknown>, options: object = {}) =>
  workload(
    id,
    async (input) => {
      await steps(input.step, 5);
      await more(input);
    },
    options,
  );
const tenAtOnce = ({ step }: Input) =>
  Promise.all(Array.from({ length: 10 }, (_, i) => step.run(`part ${i}`, () => HALF_KB)));

/** By their names in the document. */
export const RUNS: Readonly<Record<string, Workload>> = {
  "5 steps": workload("five", ({ step }) => steps(step, 5)),
  "5 steps, a sleep of 1 h": fiveAnd("sleep", sleep),
  '5 steps, a sleep of 1 h, an approval, `waits: "stepFunctions"`': fiveAnd("approval", sleepAndApproval),
  '5 steps, a sleep of 1 h, an approval, `waits: "table"`': fiveAnd("table-approval", sleepAndApproval),
  "20 steps": workload("twenty", ({ step }) => steps(step, 20)),
};

/** Stacks are stored with errors: one of usual length, and the same on every machine. */
const withStack = <E extends Error>(error: E): E => Object.assign(error, { stack: "x".repeat(1_000) });
const failOnce = (error: Error) => (input: Input) =>
  input.step.run("fails", () => {
    if (input.attempt === 0) throw error;
    return HALF_KB;
  });

/** Ends the bodies that are under way and do not end by themselves. */
export const endings = new Set<() => void>();
const untilEnded = (): Promise<void> => new Promise((resolve) => endings.add(resolve));

/** What may be added to a run of five steps, by its name in the document. */
export const ADDITIONS: Readonly<Record<string, Workload>> = {
  "a step": fiveAnd("a-step", ({ step }) => step.run("one more", () => HALF_KB)),
  "ten parallel steps": fiveAnd("ten-steps", tenAtOnce),
  'ten parallel steps, `parallelism: "fanout"`': fiveAnd("ten-apart", tenAtOnce, { parallelism: "fanout" }),
  "a step with a result of 10 KB": fiveAnd("ten-kb", ({ step }) => step.run("large", () => HALF_KB.repeat(20))),
  "a step with a result of 300 KB": fiveAnd("large", ({ step }) => step.run("large", () => HALF_KB.repeat(600))),
  "a step that fails once": fiveAnd("failing", failOnce(withStack(new Error("once")))),
  "a step that fails once, tried again a minute later": fiveAnd(
    "later",
    failOnce(withStack(new RetryAfterError("once", "1m"))),
  ),
  "a step that takes 1 min": fiveAnd("slow", ({ step }) => step.run("slow", untilEnded)),
  "`step.sleep` of 10 min": fiveAnd("nap", ({ step }) => step.sleep("nap", "10m")),
  "`step.sleep` of 1 h": fiveAnd("hour", sleep),
  '`step.waitForEvent`, `waits: "stepFunctions"`': fiveAnd("wait", approval),
  '`step.waitForEvent`, `waits: "table"`': fiveAnd("table", approval),
  '`step.waitForSignal`, `waits: "stepFunctions"`': fiveAnd("signal", signal),
  '`step.waitForSignal`, `waits: "table"`': fiveAnd("table-signal", signal),
  "`step.fetch`": fiveAnd("fetching", ({ step }) => step.fetch(halfKb())),
  "`step.sendEvent` of one event that starts nothing": fiveAnd("sending", ({ step }) =>
    step.sendEvent("send", { name: "cost/nobody", data: { text: HALF_KB } }),
  ),
  "`step.invoke` of a function without steps": fiveAnd("parent", ({ step }) =>
    step.invoke("child", { function: child, data: { text: HALF_KB } }),
  ),
};

export const functions: readonly AnyFunction[] = [
  child,
  ...[...Object.values(RUNS), ...Object.values(ADDITIONS)].map(({ fn }) => fn),
];
