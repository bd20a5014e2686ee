import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Served } from "../lambdas/runner/functions.ts";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { jsonLogger, type LogLevel } from "../sdk/execution/json-logger.ts";
import { parseDuration } from "../sdk/expressions/index.ts";
import type { AnyEvents } from "../sdk/index.ts";
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

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "startLocal";

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
  refuseUnknownKeys(options, [...IN_PROCESS, ...COMMON], CODE, WHERE);
  const { client, functions } = options;
  if (!isRecord(client) || typeof client.id !== "string") throw wrong("client", "what `new Stepwell(…)` made", client);
  if (!Array.isArray(functions))
    throw wrong("functions", "a list of what client.createFunction(…) returned", functions);
  // What it sends is checked when it is sent, whatever the compiler knows of it.
  return { ...checkCommon(options, "warn"), client: client as unknown as Client<AnyEvents>, functions };
}

function checkEntry(options: Given, entry: string | URL): CheckedOptions {
  const mixed = IN_PROCESS.find((name) => Object.hasOwn(options, name));
  if (mixed !== undefined)
    throw invalid(mixed, "cannot be given with `entry`: the entry itself serves a client and its functions.");
  refuseUnknownKeys(options, [...ENTRY, ...COMMON], CODE, WHERE);
  if (options.clock === "virtual") {
    const why = "an app in a process of its own has the machine's clock, which cannot be made to stand still";
    throw invalid(
      "clock",
      `cannot be "virtual" with \`entry\`: ${why}. In tests, give \`client\` and \`functions\` instead.`,
    );
  }
  const { env = {} } = options;
  if (!isRecord(env) || !Object.values(env).every((value) => typeof value === "string"))
    throw wrong("env", "an object of texts", env);
  const logLevel = options.logger === undefined ? "info" : "debug";
  return { ...checkCommon(options, "info"), entry: pathOf(entry), env, logLevel };
}

function pathOf(entry: string | URL): string {
  const isUrl = entry instanceof URL || (typeof entry === "string" && entry.startsWith("file:"));
  if (!isUrl && (typeof entry !== "string" || entry === "")) throw wrong("entry", "a path or a file URL", entry);
  const path = isUrl ? fileURLToPath(entry) : resolve(entry);
  if (!existsSync(path)) throw invalid("entry", `must be the app's module: there is no file ${path}.`);
  return path;
}

function checkCommon(options: Given, least: LogLevel): CheckedCommon {
  const { clock = "real", waits = "stepFunctions", seed = 1, port, timeout = "5m", dataDir, host } = options;
  if (!["virtual", "real"].includes(clock)) throw wrong("clock", '"virtual" or "real"', clock);
  if (!["stepFunctions", "table"].includes(waits)) throw wrong("waits", '"stepFunctions" or "table"', waits);
  if (!Number.isInteger(seed)) throw wrong("seed", "a whole number", seed);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw wrong("port", "a whole number from 0 to 65535", port);
  const timeoutMs = parseDuration(timeout, `${WHERE}: timeout`);
  if (timeoutMs === 0) throw wrong("timeout", "longer than zero", timeout);
  return {
    clock,
    waits,
    seed,
    timeoutMs,
    logger: checkLogger(options.logger) ?? jsonLogger((line) => process.stderr.write(`${line}\n`), Date.now, least),
    ...(dataDir !== undefined && { dataDir: checkText(dataDir, "dataDir") }),
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host: checkText(host, "host") }),
  };
}

function checkText(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(name, "a text that is not empty", value);
}

function checkLogger(logger: LogSink | undefined): LogSink | undefined {
  if (logger === undefined) return undefined;
  const levels = ["debug", "info", "warn", "error"] as const;
  if (levels.every((level) => typeof (logger as Partial<LogSink> | null)?.[level] === "function")) return logger;
  throw wrong("logger", "an object with the methods debug, info, warn and error", logger);
}

const wrong = (name: string, expected: string, given: unknown) =>
  invalid(name, `must be ${expected}, got ${quote(given)}.`);

const invalid = (name: string, text: string) => badInput(CODE, `${WHERE}: ${name}`, text);
