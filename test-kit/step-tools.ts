/**
 * What is put between the handler under test and its step tools: spies, and mocked steps. A mocked step is a `step.run` under the same
 * id, so that it is stored, retried and replayed as any other; the tool's arguments are checked as without a mock.
 */
import { repeatNames } from "../sdk/execution/index.ts";
import { createStepTools } from "../sdk/steps/index.ts";
import type { MockedStep } from "./options.ts";

type Tool = (...args: readonly unknown[]) => Promise<unknown>;
type Call = (...args: readonly unknown[]) => unknown;
interface Tools {
  readonly [name: string]: Tool | Tools;
}

/** Results as the code got them, by the step's id with its repeat number. */
export type States = Record<string, Promise<unknown>>;

export interface ToolsOptions {
  readonly app: string;
  readonly mocks: ReadonlyMap<string, MockedStep>;
  readonly states: States;
  /** Is given the tool's name beside it. */
  readonly spy: (tool: Call, name: string) => unknown;
  /** Called instead of handing the code the result of this step. */
  readonly stop?: { readonly at: string; readonly now: () => Promise<never> };
}

/** The step tools of one start of the handler, spied upon and with mocks. */
export function spiedTools(tools: object, options: ToolsOptions): object {
  const { app, mocks, states, stop } = options;
  const named = repeatNames();
  const run = (tools as { run: Tool }).run;
  const around = (path: string, tool: Tool) =>
    options.spy((...args) => {
      const id = idOf(args[0]);
      // A request is named by its ledger, which has its mocks.
      if (id === undefined || path === "step.fetch") return tool(...args);
      const name = named(id);
      const mock = mocks.get(name) ?? mocks.get(id);
      const result = mock === undefined ? tool(...args) : mocked({ app, path, args, mock, run });
      keep(states, name, result);
      return name === stop?.at ? result.then(stop.now, stop.now) : result;
    }, path);
  return mapTools(tools as Tools, "step", around);
}

const mapTools = (tools: Tools, path: string, around: (path: string, tool: Tool) => unknown): object =>
  Object.fromEntries(
    Object.entries(tools).map(([name, value]) => {
      const inner = `${path}.${name}`;
      return [name, typeof value === "function" ? around(inner, value) : mapTools(value, inner, around)];
    }),
  );

function idOf(given: unknown): string | undefined {
  const id: unknown = typeof given === "object" && given !== null && "id" in given ? given.id : given;
  return typeof id === "string" ? id : undefined;
}

interface MockedCall {
  readonly app: string;
  readonly path: string;
  readonly args: readonly unknown[];
  readonly mock: MockedStep;
  readonly run: Tool;
}

function mocked({ app, path, args, mock, run }: MockedCall): Promise<unknown> {
  const instead = () => run(args[0], () => mock.handler());
  // The tool itself, over a ledger that only notes that it was asked, and never answers: it refuses what it would refuse.
  let asked = false;
  const accepted = Promise.withResolvers<void>();
  const ledger = {
    ask: () => {
      asked = true;
      accepted.resolve();
      return new Promise(() => {});
    },
  };
  const tool = path
    .split(".")
    .slice(1)
    .reduce<unknown>(
      (tools, name) => (tools as Record<string, unknown> | undefined)?.[name],
      createStepTools(ledger, app),
    );
  if (typeof tool !== "function") return instead();
  (tool as Tool)(...args).catch(accepted.reject);
  return asked ? instead() : accepted.promise.then(instead);
}

/** Notes what a step has become, once it has. */
export function keep(states: States, name: string, result: Promise<unknown>): void {
  const settle = () => {
    states[name] = result;
  };
  result.then(settle, settle);
}
