import { invokeFunction } from "stepwell/http";
import { proveEveryCrashPoint } from "./crash-points.ts";
import { type App, START } from "./harness.ts";

/** A step asks for another function from outside of runs, as an HTTP door does: again when the step is repeated. */
const asks = (flow: object) => (app: App) => {
  const child = app.client.createFunction({ id: "child", ...flow }, { event: "laws/never" }, async ({ event, step }) =>
    app.notebook.step(step, "work", () => event.data.id),
  );
  const main = app.client.createFunction({ id: "main" }, { event: START }, async ({ event, step }) =>
    app.notebook.step(step, "ask", async () => {
      const request = { id: `for-${event.id}`, ts: event.ts, data: event.data };
      return (await invokeFunction(app.client, child, request)).runId.length;
    }),
  );
  return [main, child];
};

proveEveryCrashPoint([
  { name: "a request to start a function", functions: asks({}) },
  { name: "a request to start a function with a queue", functions: asks({ concurrency: 1 }) },
]);
