import type { Served } from "../lambdas/runner/functions.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { parseDuration } from "../sdk/expressions/index.ts";
import type { AnyEvents, Stepwell } from "../sdk/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";

type Client<S> = Pick<Stepwell<S>, "~events" | "id" | "environment" | "send" | "logger">;

/** The app that the local cloud runs, and how. `S` are the client's events: any, if nothing is said of them. */
export interface LocalOptions<S = unknown> {
  readonly client: Client<S>;
  /** What `client.createFunction` returned. */
  readonly functions: readonly Served[];
  /** `virtual`: time stands still until `passTime` or `waitForRun` moves it. @default - real */
  readonly clock?: "virtual" | "real";
  /** How `waitForEvent` waits. @default - stepFunctions */
  readonly waits?: "stepFunctions" | "table";
  /** Folder for the state, which then survives a restart. @default - memory */
  readonly dataDir?: string;
  /** Port of the AWS services and of `/api`. @default - a free one */
  readonly port?: number;
  /** Host to listen on beside the loopback interface. @default - 127.0.0.1 alone */
  readonly host?: string;
  /** Of ids, tokens and jitter. @default - 1 */
  readonly seed?: number;
  /** Timeout of the app's Lambda: ms or a duration. @default - 5m */
  readonly timeout?: number | string;
  /** Takes the engine's log lines, and those of handlers whose client has no logger. @default - warnings and errors on stderr */
  readonly logger?: LogSink;
}

export interface CheckedOptions
  extends Required<Omit<LocalOptions, "client" | "dataDir" | "port" | "host" | "timeout">> {
  readonly client: Client<AnyEvents>;
  readonly dataDir?: string;
  readonly port?: number;
  readonly host?: string;
  readonly timeoutMs: number;
}

const KNOWN = ["client", "functions", "clock", "waits", "dataDir", "port", "host", "seed", "timeout", "logger"];

/** @throws StepwellError `STEPWELL_INVALID_OPTION` naming the option and what it takes */
export function checkOptions<S>(given: LocalOptions<S>, logger: LogSink): CheckedOptions {
  // Without types it may be called with nothing: then it is the client that is missed first.
  const options: Partial<LocalOptions<S>> = given ?? {};
  for (const name of Object.keys(options))
    if (!KNOWN.includes(name)) throw invalid(name, `is not one of ${KNOWN.join(", ")}`);
  const { client, functions, clock = "real", waits = "stepFunctions", seed = 1, port, timeout = "5m" } = options;
  if (typeof client?.id !== "string") throw invalid("client", "has to be a Stepwell client");
  if (!Array.isArray(functions)) throw invalid("functions", "has to be a list of functions");
  if (!["virtual", "real"].includes(clock)) throw invalid("clock", 'has to be "virtual" or "real"');
  if (!["stepFunctions", "table"].includes(waits)) throw invalid("waits", 'has to be "stepFunctions" or "table"');
  if (!Number.isInteger(seed)) throw invalid("seed", "has to be an integer");
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw invalid("port", "has to be an integer from 0 to 65535");
  return {
    // What it sends is checked when it is sent, whatever the compiler knows of it.
    client: client as unknown as Client<AnyEvents>,
    functions,
    clock,
    waits,
    seed,
    timeoutMs: parseDuration(timeout, 'startLocal: "timeout"'),
    logger: options.logger ?? logger,
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(port !== undefined && { port }),
    ...(options.host !== undefined && { host: options.host }),
  };
}

const invalid = (name: string, problem: string) =>
  new StepwellError("STEPWELL_INVALID_OPTION", `startLocal: "${name}" ${problem}.`);
