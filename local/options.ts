import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Served } from "../lambdas/runner/functions.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { jsonLogger, type LogLevel } from "../sdk/execution/json-logger.ts";
import { parseDuration } from "../sdk/expressions/index.ts";
import type { AnyEvents } from "../sdk/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import type { Client } from "./app.ts";

/** How a local cloud runs, whatever app it runs. */
interface CommonOptions {
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
}

/** The app that the local cloud runs in this process, and how. `S` are the client's events: any, if nothing is said of them. */
export interface LocalOptions<S = unknown> extends CommonOptions {
  readonly client: Client<S>;
  /** What `client.createFunction` returned. */
  readonly functions: readonly Served[];
  /** `virtual`: time stands still until `passTime` or `waitForRun` moves it. @default - real */
  readonly clock?: "virtual" | "real";
  /** Takes the engine's log lines, and those of handlers whose client has no logger. @default - warnings and errors on stderr */
  readonly logger?: LogSink;
}

/** An app that the local cloud runs in a process of its own, as Lambda does, and how. */
export interface LocalEntryOptions extends CommonOptions {
  /**
   * The app's module, whose `handler` is `serve(...)`: a path, relative to the working directory, or a file URL. It is bundled as for a
   * deploy, and again whenever one of its files changes; `import.meta.url` is the bundle's.
   */
  readonly entry: string | URL;
  /** A process of its own has the machine's time. @default - real */
  readonly clock?: "real";
  /** Environment variables of the app, beside this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Takes the engine's log lines, and whatever the app writes to its logger, to the console, to stdout and stderr, with run and step where
   * they are known. @default - all but debug lines as JSON on stderr
   */
  readonly logger?: LogSink;
}

interface CheckedCommon {
  readonly waits: "stepFunctions" | "table";
  readonly dataDir?: string;
  readonly port?: number;
  readonly host?: string;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly logger: LogSink;
  readonly clock: "virtual" | "real";
}

export type CheckedOptions = CheckedCommon &
  (
    | { readonly client: Client<AnyEvents>; readonly functions: readonly Served[] }
    /** The path is whole; `logLevel` is the least that the logger wants. */
    | { readonly entry: string; readonly env: Readonly<Record<string, string>>; readonly logLevel: LogLevel }
  );

const COMMON = ["clock", "waits", "dataDir", "port", "host", "seed", "timeout", "logger"];
const IN_PROCESS = ["client", "functions"];
const ENTRY = ["entry", "env"];

type Given = Partial<Omit<LocalOptions & LocalEntryOptions, "clock">> & { readonly clock?: "virtual" | "real" };

/** @throws StepwellError `STEPWELL_INVALID_OPTION` naming the option and what it takes */
export function checkOptions(given: object | undefined): CheckedOptions {
  // Without types it may be called with nothing: then it is the client that is missed first.
  const options = (given ?? {}) as Given;
  return options.entry === undefined ? checkInProcess(options) : checkEntry(options, options.entry);
}

function checkInProcess(options: Given): CheckedOptions {
  refuseUnknown(options, [...IN_PROCESS, ...COMMON]);
  const { client, functions } = options;
  if (typeof client?.id !== "string") throw invalid("client", "has to be a Stepwell client");
  if (!Array.isArray(functions)) throw invalid("functions", "has to be a list of functions");
  // What it sends is checked when it is sent, whatever the compiler knows of it.
  return { ...checkCommon(options, "warn"), client: client as unknown as Client<AnyEvents>, functions };
}

function checkEntry(options: Given, entry: string | URL): CheckedOptions {
  const mixed = IN_PROCESS.find((name) => Object.hasOwn(options, name));
  if (mixed !== undefined)
    throw invalid(mixed, 'cannot be given with "entry": the entry itself serves a client and its functions');
  refuseUnknown(options, [...ENTRY, ...COMMON]);
  if (options.clock === "virtual") {
    const why = "an app in a process of its own has the machine's clock, which cannot be made to stand still";
    throw invalid("clock", `cannot be "virtual" with "entry": ${why}. In tests, give "client" and "functions" instead`);
  }
  const { env = {} } = options;
  if (typeof env !== "object" || !Object.values(env).every((value) => typeof value === "string"))
    throw invalid("env", "has to be an object of texts");
  const logLevel = options.logger === undefined ? "info" : "debug";
  return { ...checkCommon(options, "info"), entry: pathOf(entry), env, logLevel };
}

function pathOf(entry: string | URL): string {
  const isUrl = entry instanceof URL || (typeof entry === "string" && entry.startsWith("file:"));
  if (!isUrl && typeof entry !== "string") throw invalid("entry", "has to be a path or a file URL");
  const path = isUrl ? fileURLToPath(entry) : resolve(entry);
  if (!existsSync(path)) throw invalid("entry", `has to be the app's module: there is no file ${path}`);
  return path;
}

function checkCommon(options: Given, least: LogLevel): CheckedCommon {
  const { clock = "real", waits = "stepFunctions", seed = 1, port, timeout = "5m" } = options;
  if (!["virtual", "real"].includes(clock)) throw invalid("clock", 'has to be "virtual" or "real"');
  if (!["stepFunctions", "table"].includes(waits)) throw invalid("waits", 'has to be "stepFunctions" or "table"');
  if (!Number.isInteger(seed)) throw invalid("seed", "has to be an integer");
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw invalid("port", "has to be an integer from 0 to 65535");
  return {
    clock,
    waits,
    seed,
    timeoutMs: parseDuration(timeout, 'startLocal: "timeout"'),
    logger: options.logger ?? jsonLogger((line) => process.stderr.write(`${line}\n`), Date.now, least),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(port !== undefined && { port }),
    ...(options.host !== undefined && { host: options.host }),
  };
}

function refuseUnknown(options: object, known: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !known.includes(name));
  if (stranger !== undefined) throw invalid(stranger, `is not one of ${known.join(", ")}`);
}

const invalid = (name: string, problem: string) =>
  new StepwellError("STEPWELL_INVALID_OPTION", `startLocal: "${name}" ${problem}.`);
