import { badInput, quote } from "../sdk/errors/index.ts";
import type { AnyEvents, OutgoingEvents, OutgoingSignal, OutputOf, SendSignalResult } from "../sdk/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import { type CrashOptions, type CrashReport, surviveCrashes } from "./crashes/index.ts";
import { Execution, type Play } from "./execution.ts";
import {
  type Checked,
  checkOptions,
  checkOverrides,
  checkStepName,
  type ExecuteOptions,
  merged,
  type TestEngineOptions,
  type TestedFunction,
} from "./options.ts";
import {
  type ExecutionResult,
  errorOf,
  neverAsked,
  refuseStrayMocks,
  resultOf,
  type StepResult,
  seenOf,
} from "./results.ts";
import type { WaitHandler } from "./waits.ts";

/**
 * Runs a function in a test: on the real engine, in this process, on a virtual clock that lets sleeps, timeouts and retries pass. Each execution
 * has a cloud of its own.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`, with the path of the option
 * @example
 * ```ts
 * const t = new TestEngine({ function: placeOrder, steps: [{ id: "charge", handler: () => ({ id: "c1" }) }] });
 * const { result, ctx, state } = await t.execute({ events: [{ name: "shop/order.placed", data: { orderId: "o1" } }] });
 * ```
 */
export class TestEngine<F extends TestedFunction = TestedFunction> {
  readonly #options: TestEngineOptions<F>;
  readonly #waits: Map<string, WaitHandler>;
  readonly #running = new Set<Execution>();

  constructor(options: TestEngineOptions<F>) {
    checkOptions(options);
    this.#options = options;
    this.#waits = new Map();
  }

  /**
   * Another engine with the same function, options and `onWait` handlers, and with these over them.
   *
   * @throws StepwellError `STEPWELL_INVALID_OPTION`, with the path of the option
   * @example
   * ```ts
   * const declined = t.clone({ steps: [{ id: "charge", handler: () => Promise.reject(new NonRetriableError("declined")) }] });
   * ```
   */
  clone(overrides: ExecuteOptions = {}): TestEngine<F> {
    const checked = checkOverrides(overrides, "TestEngine.clone");
    const copy = new TestEngine<F>(merged(this.#options, checked) as TestEngineOptions<F>);
    for (const [id, handler] of this.#waits) copy.onWait(id, handler);
    return copy;
  }

  /**
   * Runs the function from its events to its end. Time passes as needed.
   *
   * @throws StepwellError `STEPWELL_NOT_TRIGGERED` when the events do not start the function, `STEPWELL_RUN_SKIPPED` when flow control keeps them
   *   back; `STEPWELL_RUN_STUCK` when it waits for something that nothing brings; `STEPWELL_FUNCTION_NOT_FOUND` when it invokes a function that
   *   was not given; `STEPWELL_UNKNOWN_STEP` when a completed run never came by a mocked step
   * @example
   * ```ts
   * const { result, state } = await t.execute({ steps: [{ id: "charge", handler: () => ({ id: "c1" }) }] });
   * expect(await state.charge).toEqual({ id: "c1" });
   * ```
   */
  async execute(overrides: ExecuteOptions = {}): Promise<ExecutionResult<OutputOf<F>>> {
    const options = this.#with(overrides, "TestEngine.execute");
    return this.#play(options, {}, async (execution) => {
      const run = await execution.run();
      if (run.status === "completed") refuseStrayMocks(options, execution);
      const ended = { ...(run.status === "completed" && { result: run.output as OutputOf<F> }), ...errorOf(run.error) };
      return resultOf(execution, run, ended);
    });
  }

  /**
   * Runs the function until this step has its result, or waits for an event that nothing answers; nothing after it is run. For the second of
   * several steps of one id, give `id:1`.
   *
   * @throws StepwellError as `execute`; `STEPWELL_UNKNOWN_STEP` when the run ends before it; the step's own when its arguments are refused
   * @example
   * ```ts
   * const { result, error, step } = await t.executeStep("charge"); // step.attempts: 1
   * ```
   */
  async executeStep(id: string, overrides: ExecuteOptions = {}): Promise<StepResult> {
    const where = "TestEngine.executeStep";
    checkStepName(id, where);
    const options = this.#with(overrides, where);
    return this.#play(options, { stopAt: id }, async (execution) => {
      const run = await execution.run();
      const step = run.steps.find((one) => one.id === id);
      // A step whose arguments were refused has never begun: then it is that error.
      if (step === undefined) await execution.last.states[id];
      if (step === undefined) throw neverAsked(`executeStep: the run ended (${run.status})`, id, execution);
      const { status, error } = step;
      const ended = {
        ...(status === "completed" && { result: seenOf(step) }),
        ...(status === "failed" && errorOf(error)),
      };
      return resultOf(execution, run, { ...ended, step });
    });
  }

  /**
   * Calls `handler` once a run when it waits at the step with this id: to send the event that it waits for, to let time pass, or to look. A wait
   * with a handler may time out; without one, `STEPWELL_RUN_STUCK` says that nobody answers it.
   *
   * @param handler by default does nothing, so that the wait times out
   * @example
   * ```ts
   * t.onWait("approval", () => t.sendEvent({ name: "shop/order.approved", data: { orderId: "o1" } }));
   * ```
   */
  onWait(id: string, handler: WaitHandler = () => {}): this {
    const where = "TestEngine.onWait";
    checkStepName(id, where);
    if (typeof handler !== "function")
      throw badInput(
        "STEPWELL_INVALID_OPTION",
        where,
        `the second argument must be a function, got ${quote(handler)}.`,
      );
    this.#waits.set(id, handler);
    return this;
  }

  /**
   * Sends events to the execution that is under way: from a handler of `onWait`, or of a mocked step.
   *
   * @throws StepwellError `STEPWELL_CLOSED` when none, or more than one, is under way; `STEPWELL_INVALID_EVENT`, `STEPWELL_EVENT_TOO_LARGE`
   * @example
   * ```ts
   * t.onWait("payment", () => t.sendEvent({ name: "shop/order.paid", data: { orderId: "o1" } }));
   * ```
   */
  async sendEvent(events: OutgoingEvents<AnyEvents>): Promise<{ ids: string[] }> {
    return this.#current("sendEvent").sendEvent(events);
  }

  /**
   * Sends a signal to the execution that is under way: from a handler of `onWait`, or of a mocked step.
   *
   * @throws StepwellError `STEPWELL_CLOSED` when none, or more than one, is under way; `STEPWELL_INVALID_OPTION`, `STEPWELL_EVENT_TOO_LARGE`
   * @example
   * ```ts
   * t.onWait("approval", () => t.sendSignal({ signal: "approval/o1", data: { approved: true } }));
   * ```
   */
  async sendSignal(signal: OutgoingSignal): Promise<SendSignalResult> {
    return this.#current("sendSignal").sendSignal(signal);
  }

  /**
   * Lets time pass in the execution that is under way, from a handler of `onWait`: ms or a duration.
   *
   * @throws StepwellError `STEPWELL_CLOSED` when none, or more than one, is under way; `STEPWELL_INVALID_DURATION`
   * @example
   * ```ts
   * t.onWait("payment", () => t.passTime("2d"));
   * ```
   */
  async passTime(duration: number | string): Promise<void> {
    return this.#current("passTime").passTime(duration);
  }

  /**
   * Runs the function once as it is, and then once for each point at which its process may die: after each step's body, before its result is
   * stored, and after each step, before the code goes on. The result, the results of the steps, the runs of the other functions, and the effects
   * have to come out the same.
   *
   * @throws StepwellError `STEPWELL_NOT_CRASH_SAFE`, which says at which step the process died and what was different then; else as `execute`
   * @example
   * ```ts
   * await t.survivesCrashes({ reset: () => payments.clear(), effects: () => payments.list() });
   * ```
   */
  async survivesCrashes(options: CrashOptions = {}): Promise<CrashReport> {
    const { reset, effects, ignore, ...overrides } = options;
    const checked = this.#with(overrides, "TestEngine.survivesCrashes");
    const play = <T>(given: Checked, how: Play, body: (execution: Execution) => Promise<T>) =>
      this.#play(given, how, body);
    return surviveCrashes(checked, { reset, effects, ignore }, play);
  }

  #with(overrides: ExecuteOptions, where: string): Checked {
    return checkOptions(merged(this.#options, checkOverrides(overrides, where)));
  }

  async #play<T>(options: Checked, play: Play, body: (execution: Execution) => Promise<T>): Promise<T> {
    const execution = await Execution.open(options, this.#waits, play);
    this.#running.add(execution);
    try {
      return await body(execution);
    } finally {
      this.#running.delete(execution);
      await execution.close();
    }
  }

  #current(method: string): Execution {
    const [only, another] = this.#running;
    if (only !== undefined && another === undefined) return only;
    const why = only === undefined ? "no execution is under way" : "several executions of this engine are under way";
    throw new StepwellError(
      "STEPWELL_CLOSED",
      `TestEngine.${method}: ${why}. Call it from a handler of onWait; give executions that run side by side an engine each (clone).`,
    );
  }
}
