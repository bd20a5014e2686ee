import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { MANIFEST_REQUEST } from "../../lambdas/contract.ts";
import type { LogSink } from "../../sdk/execution/index.ts";
import type { LogLevel } from "../../sdk/execution/json-logger.ts";
import { Stepwell } from "../../sdk/index.ts";
import { type Manifest, StepwellError } from "../../sdk/protocol/index.ts";
import type { AppLambda, AppStatus, LocalApp, Surroundings } from "../app.ts";
import type { LambdaContext } from "../services/lambda-context.ts";
import { describeFailure } from "../services/lambda-error.ts";
import { AppHost } from "./app-host.ts";
import { AppProcess } from "./app-process.ts";
import { bundleFolder } from "./bundle-folder.ts";
import { type Build, bundleEntry, type EntryBundle, entryBroken } from "./entry-bundle.ts";
import { environmentOf, withRegion } from "./environment.ts";

/** An app answers at once who it is. In ms. */
const MANIFEST_MS_MAX = 10_000;
/** What is under way when the cloud is closed may take this long to end. In ms. */
const CLOSING_MS = 1_000;

export interface EntryAppOptions {
  /** The entry's path. */
  readonly entry: string;
  /** What the app's process gets beside what Lambda gives it. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: LogSink;
  readonly logLevel: LogLevel;
}

/**
 * The app of an entry: a module that exports `handler = serve(...)`. Runs in a process of its own, and is loaded anew when its files
 * change.
 *
 * @throws StepwellError `STEPWELL_ENTRY_FAILED` when it cannot be built or loaded, or is no app
 */
export async function loadEntry(given: EntryAppOptions): Promise<LocalApp> {
  const options = { ...given, env: await withRegion(given.env) };
  const folder = await bundleFolder();
  const tidy = () => rm(folder, { recursive: true, force: true });
  let bundle: EntryBundle | undefined;
  try {
    bundle = await bundleEntry(options.entry, folder);
    return new EntryApp(options, bundle, await introduce(options, bundle.file), tidy);
  } catch (error) {
    await bundle?.close();
    await tidy();
    throw error;
  }
}

/** Asks before there is an engine: its names have the app's. */
async function introduce({ env: base, log, logLevel }: EntryAppOptions, bundle: string): Promise<Manifest> {
  const env = environmentOf({ base, logLevel, functionName: "stepwell-app", codeVersion: "local" });
  const held = holdBack(log);
  const process = new AppProcess({ bundle, env, log: held.log });
  try {
    await process.loaded;
    return checkManifest(await askManifest(process));
  } catch (error) {
    await process.end();
    held.release();
    throw entryFailed(error);
  } finally {
    await process.end();
  }
}

/** What an app writes while it is loaded, it will write again in the process that takes messages. If it gets that far. */
function holdBack(log: LogSink) {
  const lines: (() => void)[] = [];
  const hold =
    (level: keyof LogSink): LogSink[typeof level] =>
    (message, fields) =>
      lines.push(() => log[level](message, fields));
  const held: LogSink = { debug: hold("debug"), info: hold("info"), warn: hold("warn"), error: hold("error") };
  return { log: held, release: () => lines.forEach((write) => void write()) };
}

class EntryApp implements LocalApp {
  readonly client: LocalApp["client"];
  readonly #options: EntryAppOptions;
  readonly #bundle: EntryBundle;
  readonly #tidy: () => Promise<void>;
  #manifest: Manifest;
  #host: AppHost | undefined;
  #versions = 0;
  #closing = false;
  #reloading: Promise<void> = Promise.resolve();
  #next: Build | undefined;

  constructor(options: EntryAppOptions, bundle: EntryBundle, manifest: Manifest, tidy: () => Promise<void>) {
    const { app: id, environment } = manifest;
    this.client = new Stepwell({ id, ...(environment !== undefined && { environment }) });
    this.#options = options;
    this.#bundle = bundle;
    this.#manifest = manifest;
    this.#tidy = tidy;
  }

  functions = () => this.#manifest.functions;

  lambda = ({ url, functionName, deps }: Surroundings): AppLambda => {
    const { env: base, log, logLevel } = this.#options;
    const binding = { ...deps.binding, endpoint: url };
    const env = (codeVersion: string) => environmentOf({ base, functionName, codeVersion, binding, logLevel });
    const host = new AppHost({ env, log });
    this.#host = host;
    const handler = (event: never, context: LambdaContext) => host.invoke(event, context);
    return { handler, cost: "process", gate: host.gate, askManifest: async () => this.#manifest };
  };

  start = async (register: Register) => {
    try {
      await this.#deploy(this.#bundle.file, register);
    } catch (error) {
      throw entryFailed(error);
    }
    this.#bundle.onChange((build) => {
      this.#next = build;
      this.#reloading = this.#reloading.then(() => this.#reload(register));
    });
  };

  status = (): AppStatus => {
    const { pid, starts = 0, codeVersion = "" } = this.#host ?? {};
    return { pid, starts, codeVersion };
  };

  close = async () => {
    this.#closing = true;
    await this.#bundle.close();
    await this.#host?.close(CLOSING_MS);
    await this.#reloading;
    await this.#tidy();
  };

  /** Puts a version of the code in force: its functions and its process, or neither. */
  async #deploy(bundle: string, register: Register): Promise<void> {
    const codeVersion = `local-${++this.#versions}`;
    await this.#host?.replace({ bundle, codeVersion }, async (candidate) => {
      const before = this.#manifest;
      this.#manifest = checkSame(checkManifest(await askManifest(candidate)), this.client);
      await register(codeVersion).catch((error: unknown) => {
        this.#manifest = before;
        throw error;
      });
    });
  }

  /** Takes the latest build, if it has not been taken yet, and there is still a cloud for it. */
  async #reload(register: Register): Promise<void> {
    const { log } = this.#options;
    const build = this.#next;
    this.#next = undefined;
    if (build === undefined || this.#closing) return;
    try {
      if (!build.ok) throw entryBroken(build.problem);
      await this.#deploy(build.file, register);
      log.info("app reloaded", { codeVersion: this.#host?.codeVersion, functions: this.#manifest.functions.length });
    } catch (error) {
      if (this.#closing) return;
      const problem = entryFailed(error).message;
      log.error("the app could not be reloaded, and goes on with its code of before", { problem });
    }
  }
}

type Register = Parameters<LocalApp["start"]>[0];

async function askManifest(process: AppProcess): Promise<unknown> {
  const invocation = { id: randomUUID(), functionName: "", event: MANIFEST_REQUEST };
  const tooLate = Promise.withResolvers<never>();
  const late = new Error(`It did not answer within ${MANIFEST_MS_MAX / 1_000} s when it was asked for its functions.`);
  const timer = setTimeout(() => tooLate.reject(late), MANIFEST_MS_MAX);
  try {
    const answer = process.invoke({ ...invocation, deadline: Date.now() + MANIFEST_MS_MAX });
    return await Promise.race([answer, tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function checkManifest(answer: unknown): Manifest {
  const { app, functions } = (answer ?? {}) as Partial<Manifest>;
  if (typeof app === "string" && Array.isArray(functions)) return answer as Manifest;
  throw new StepwellError(
    "STEPWELL_ENTRY_FAILED",
    "The handler that the app's entry exports is not one of Stepwell's. Write: export const handler = serve({ client, functions });",
  );
}

/** The queue of its runs, and all that it has stored, go by these names. */
function checkSame(manifest: Manifest, client: LocalApp["client"]): Manifest {
  const { app, environment = client.environment } = manifest;
  if (app === client.id && environment === client.environment) return manifest;
  throw new StepwellError(
    "STEPWELL_ENTRY_FAILED",
    `The client is now "${app}" of the environment "${environment}", and was "${client.id}" of "${client.environment}" when the ` +
      "local cloud was started. Start it anew for another client.",
  );
}

/** Whatever is wrong with an entry, with the place if it is known. */
function entryFailed(error: unknown): StepwellError {
  if (StepwellError.is(error)) return error;
  const text = `The app's entry cannot be loaded: ${describeFailure(error)}`;
  return new StepwellError("STEPWELL_ENTRY_FAILED", text, { cause: error });
}
