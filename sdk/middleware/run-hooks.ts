import type { Hook } from "./hook.ts";
import { callHook, checkList, checkRecord, checkReturned, failed } from "./hook.ts";
import type {
  FunctionRunArgs,
  FunctionRunHooks,
  MiddlewareContext,
  MiddlewareHooks,
  RunResult,
  StepData,
  TransformInputArgs,
  TriedStep,
} from "./types.ts";

/** A middleware that has been initialized. */
export interface ReadyMiddleware {
  readonly name: string;
  readonly hooks: MiddlewareHooks;
}

interface Link {
  readonly name: string;
  readonly hooks: FunctionRunHooks;
}

type Plain = "beforeMemoization" | "afterMemoization" | "beforeExecution" | "afterExecution" | "beforeResponse";

/** What `onFunctionRun` may return. */
export const RUN_HOOKS: readonly (keyof FunctionRunHooks)[] = [
  "transformInput",
  "beforeMemoization",
  "afterMemoization",
  "beforeExecution",
  "afterExecution",
  "wrapStepHandler",
  "transformOutput",
  "finished",
  "beforeResponse",
];

/** What is undone on the way out goes the other way round, so that the first middleware is the outermost. */
export const BACKWARD: readonly string[] = ["afterMemoization", "afterExecution", "transformOutput"];

/** The hooks of one beginning of the handler: of all middleware, each in its order. */
export class RunHooks {
  readonly #links: readonly Link[];

  private constructor(links: readonly Link[]) {
    this.#links = links;
  }

  /** Asks each middleware for its hooks, one after the other. */
  static async open(middleware: readonly ReadyMiddleware[], args: FunctionRunArgs): Promise<RunHooks> {
    const links: Link[] = [];
    for (const { name, hooks } of middleware) {
      const { onFunctionRun } = hooks;
      if (onFunctionRun === undefined) continue;
      const at = { middleware: name, hook: "onFunctionRun" };
      const opened = checkReturned(at, await callHook(at, () => onFunctionRun(args)), RUN_HOOKS);
      for (const hook of RUN_HOOKS) checkFunction(at, opened[hook], hook);
      links.push({ name, hooks: opened as FunctionRunHooks });
    }
    return new RunHooks(links);
  }

  /** What the handler gets, and the results that are there, as each middleware in turn makes them. */
  async transformInput(args: TransformInputArgs): Promise<Pick<TransformInputArgs, "ctx" | "steps">> {
    let { ctx, steps } = args;
    for (const { at, hook } of this.#each("transformInput")) {
      const returned = await callHook(at, () => hook({ ...args, ctx, steps }));
      const { ctx: more, steps: changed } = checkReturned(at, returned, ["ctx", "steps", "fn", "reqArgs"]);
      ctx = { ...ctx, ...checkRecord(at, more, "ctx") } as MiddlewareContext;
      if (changed !== undefined) steps = changeSteps(at, steps, checkList(at, changed, "steps"));
    }
    return { ctx, steps };
  }

  async call(name: Plain): Promise<void> {
    for (const { at, hook } of this.#each(name)) await callHook(at, hook);
  }

  /** Runs a step's body inside of all that is wrapped around it. */
  async wrapStep(step: TriedStep, body: () => unknown): Promise<unknown> {
    const wrapped = [...this.#each("wrapStepHandler")].reduceRight<() => Promise<unknown>>(
      (next, { hook }) =>
        async () =>
          hook({ step, next }),
      async () => body(),
    );
    return wrapped();
  }

  /** What has come out, as each middleware in turn makes it. `failed` tells a thrown `undefined` from no data. */
  async transformOutput(given: Outcome, step?: TriedStep): Promise<Outcome> {
    let outcome = given;
    for (const { at, hook } of this.#each("transformOutput")) {
      const args = { result: outcome.result, ...(step && { step }) };
      const { result } = checkReturned(at, await callHook(at, () => hook(args)), ["result", "step"]);
      if (result === undefined) continue;
      const changed = checkRecord(at, result, "result");
      const isFailed = "error" in changed ? changed.error !== undefined : outcome.failed;
      outcome = { failed: isFailed, result: { ...outcome.result, ...changed } };
    }
    return outcome;
  }

  async finished(result: RunResult): Promise<void> {
    for (const { at, hook } of this.#each("finished")) await callHook(at, () => hook({ result }));
  }

  *#each<K extends keyof FunctionRunHooks>(
    hook: K,
  ): Generator<{ readonly at: Hook; readonly hook: NonNullable<FunctionRunHooks[K]> }> {
    const links = BACKWARD.includes(hook) ? this.#links.toReversed() : this.#links;
    for (const { name, hooks } of links) {
      const found = hooks[hook];
      if (found !== undefined) yield { at: { middleware: name, hook }, hook: found };
    }
  }
}

/** A result, and whether it is an error: anything can be thrown. */
export interface Outcome {
  readonly failed: boolean;
  readonly result: RunResult;
}

/** Changes are laid over the steps by their place; the rest of a step stays what it is. */
function changeSteps(at: Hook, steps: readonly StepData[], changed: readonly unknown[]): StepData[] {
  if (changed.length !== steps.length)
    throw failed(
      at,
      `returned ${changed.length} \`steps\` for ${steps.length}; there must be one for each, in their order`,
    );
  return steps.map((step, index) => {
    const { data, error } = { ...step, ...checkRecord(at, changed[index], `steps[${index}]`) } as StepData;
    const { id, name, kind } = step;
    return { id, name, kind, ...(error === undefined ? { data } : { error }) };
  });
}

export function checkFunction(at: Hook, value: unknown, field: string): void {
  if (value !== undefined && typeof value !== "function")
    throw failed(at, `returned a \`${field}\` that is no function`);
}
