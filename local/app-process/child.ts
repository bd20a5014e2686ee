/** The app's process: loads the bundle that it is given, and answers invocations as Lambda's runtime does. */
import inspector from "node:inspector";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { logContext } from "../../sdk/execution/log-context.ts";
import { createContext, type LambdaContext } from "../services/lambda-context.ts";
import { FunctionFailure, toFunctionError } from "../services/lambda-error.ts";
import { labelConsole } from "./console.ts";
import type { FromApp, ToApp } from "./protocol.ts";

type Handler = (event: unknown, context: LambdaContext) => unknown;

const [, , bundle = ""] = process.argv;
const MEMORY_MB = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
/** Exit codes of Lambda's own runtime. */
const UNHANDLED_REJECTION = 128;
const UNCAUGHT_EXCEPTION = 129;

const tell = (message: FromApp) => void process.send?.(message);

async function load(): Promise<Handler> {
  const { handler } = (await import(pathToFileURL(bundle).href)) as { readonly handler?: unknown };
  if (typeof handler === "function") return handler as Handler;
  throw new FunctionFailure({
    errorType: "Runtime.HandlerNotFound",
    errorMessage: "it exports no function `handler`. Write: export const handler = serve({ client, functions });",
    trace: [],
  });
}

async function invoke(handler: Handler, { id, event, functionName, deadline }: ToApp & { kind: "invoke" }) {
  tell({ kind: "begun", id });
  const context = createContext(functionName, id, deadline, { now: Date.now }, MEMORY_MB);
  try {
    // `undefined` is no JSON.
    tell({ kind: "value", id, value: (await handler(event, context)) ?? null });
  } catch (error) {
    tell({ kind: "error", id, error: toFunctionError(error) });
  }
}

function dieOf(what: string, code: number): (error: unknown) => void {
  return (error) => {
    console.error(`${what}:`, error);
    process.exit(code);
  };
}

/** Code that holds on to the event loop hears of nothing: a thread of its own sees that the local cloud is gone. */
function followParent(): void {
  const look = `
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), 1_000);
  `;
  new Worker(look, { eval: true }).unref();
}

followParent();
labelConsole(logContext);
// Ctrl-C reaches the whole process group: it is the local cloud that ends this process, once it has closed.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
process.on("uncaughtException", dieOf("Uncaught exception", UNCAUGHT_EXCEPTION));
process.on("unhandledRejection", dieOf("Unhandled rejection", UNHANDLED_REJECTION));

load().then(
  (handler) => {
    process.on("message", (message: ToApp) => {
      if (message.kind === "ping") tell({ kind: "pong", debugged: inspector.url() !== undefined });
      else void invoke(handler, message);
    });
    tell({ kind: "loaded" });
  },
  (error: unknown) => tell({ kind: "refused", error: toFunctionError(error) }),
);
