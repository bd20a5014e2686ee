import { type AnyFunction, type AnyMiddleware, type RunView, type Stepwell, StepwellMiddleware } from "stepwell";
import { type LocalCloud, type LocalOptions, startLocal } from "stepwell/local";
import { afterEach } from "vitest";
import type { Line } from "../scenarios/cloud.ts";

const opened = new Set<LocalCloud>();

afterEach(async () => {
  const clouds = [...opened];
  opened.clear();
  await Promise.all(clouds.map((cloud) => cloud.close()));
});

/** What a test has of an app: its cloud on the virtual clock, what the engine logs, and a way to run one event to the end. */
export interface App {
  readonly cloud: LocalCloud;
  readonly lines: readonly Line[];
  finish(name: string, data?: object): Promise<RunView>;
}

/** Opens a cloud with one client's functions; it is closed after the test. */
export async function open<S, M extends readonly AnyMiddleware[]>(
  client: Stepwell<S, M>,
  functions: readonly unknown[],
  options: Pick<LocalOptions, "timeout"> = {},
): Promise<App> {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, fields });
  const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const cloud = await startLocal({
    client: client as unknown as Stepwell,
    functions: functions as readonly AnyFunction[],
    clock: "virtual",
    logger,
    ...options,
  });
  opened.add(cloud);
  const finish = async (name: string, data: object = {}) => {
    const { ids } = await (client as unknown as Stepwell).send({ name, data });
    const [run] = await cloud.runsOf(ids[0]);
    if (run === undefined) throw new Error(`The event ${name} has started nothing.`);
    return cloud.waitForRun(run.id);
  };
  return { cloud, lines, finish };
}

/** A middleware that writes down each call of a hook, as `<name> <hook>`. */
export function noting(name: string, calls: string[]): AnyMiddleware {
  const note = (hook: string) => {
    calls.push(`${name} ${hook}`);
  };
  return new StepwellMiddleware({
    name,
    init: () => {
      note("init");
      return {
        onFunctionRun: ({ steps }) => {
          note(`onFunctionRun ${steps.length}`);
          return {
            transformInput: ({ steps: given }) => note(`transformInput ${given.map(({ id }) => id).join()}`),
            beforeMemoization: () => note("beforeMemoization"),
            afterMemoization: () => note("afterMemoization"),
            beforeExecution: () => note("beforeExecution"),
            afterExecution: () => note("afterExecution"),
            transformOutput: ({ step }) => note(`transformOutput ${step?.id ?? "-"}`),
            finished: ({ result }) => note(`finished ${JSON.stringify(result)}`),
            beforeResponse: () => note("beforeResponse"),
          };
        },
        onSendEvent: () => ({
          transformInput: ({ payloads }) => note(`send ${payloads.map((payload) => payload.name).join()}`),
          transformOutput: () => note("sent"),
        }),
      };
    },
  });
}
