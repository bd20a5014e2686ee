import {
  type AnyMiddleware,
  type GetFunctionInput,
  NonRetriableError,
  type Stepwell,
  StepwellMiddleware,
} from "stepwell";
import { errorReportingMiddleware } from "stepwell/middleware";
import { proveEveryCrashPoint } from "./crash-points.ts";
import type { App, Scenario } from "./harness.ts";
import { one } from "./scenarios.ts";

type Input = GetFunctionInput<Stepwell>;

/** Turns of the event loop that a middleware takes before it answers: no two calls take the same. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const seal = (data: unknown) => ({ sealed: Buffer.from(JSON.stringify(data ?? null)).toString("base64") });
const unseal = (data: unknown) =>
  JSON.parse(Buffer.from((data as { sealed: string }).sealed, "base64").toString()) as unknown;

/** Seals what is stored, slowly, and notes what it is given to unseal: the same each time. */
function sealing({ notebook }: App): AnyMiddleware {
  let calls = 0;
  return new StepwellMiddleware({
    name: "sealing",
    init: () => ({
      onFunctionRun: () => ({
        transformInput: async ({ steps }) => {
          await turns(++calls % 3);
          for (const { id, data } of steps) notebook.hand(`stored ${id}`, data);
          return {
            steps: steps.map(({ kind, data, error }) =>
              kind === "run" && error === undefined ? { data: unseal(data) } : {},
            ),
          };
        },
        transformOutput: async ({ result, step }) => {
          await turns(++calls % 4);
          return step !== undefined && result.error === undefined ? { result: { data: seal(result.data) } } : {};
        },
      }),
    }),
  });
}

/** A step whose body notes that it ran, and whose result is noted as the code gets it: that is not what is stored. */
async function run(
  { step }: Input,
  { notebook }: App,
  id: string,
  body: () => unknown = () => undefined,
): Promise<unknown> {
  const value = await step.run(id, () => ({ tries: notebook.note(id), value: body() }));
  notebook.hand(`got ${id}`, value);
  return (value as { value: unknown }).value;
}

const sealed = (name: string, handler: Parameters<typeof one>[0]): Scenario => ({
  name,
  functions: (app) => one(handler, { middleware: [sealing(app)] })(app),
});

/** Reports as bodies are counted: each at most once more for each fault. */
const reporting = ({ notebook }: App): AnyMiddleware =>
  errorReportingMiddleware({
    reporter: {
      captureException: (_, { tags }) => void notebook.note(`report of ${tags["stepwell.step"] ?? "the run"}`),
    },
  });

proveEveryCrashPoint([
  {
    name: "a step and a run that fail are reported, each once",
    functions: (app) =>
      one(
        async (input, { notebook }) => {
          await run(input, app, "before");
          await input.step.sleep("rest", "1h");
          const failing = input.step.run("fails", () => {
            throw new Error(`try ${notebook.note("fails")}`);
          });
          await failing.catch(() => {});
          throw new NonRetriableError("without it there is no going on");
        },
        { retries: 1, middleware: [reporting(app)] },
      )(app),
  },
  sealed("sealed steps in a row, around a sleep", async (input, app) => {
    await run(input, app, "a");
    await input.step.sleep("rest", "1h");
    await run(input, app, "b", () => ({ at: new Date(0) }));
    return "done";
  }),
  sealed("sealed parallel steps and a race between them", async (input, app) => {
    const parallel = ["a", "b", "c"].map((id) => run(input, app, id, () => id));
    const first = await Promise.race(parallel);
    app.notebook.hand("first", first);
    await run(input, app, `after-${first}`);
    await input.step.sleep("rest", "1h");
    return (await Promise.all(parallel)).length;
  }),
]);
