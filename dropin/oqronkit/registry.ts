import { badInput, isRecord, quote, refuseUnknownKeys } from "../../sdk/errors/index.ts";
import { type Logger, Stepwell, StepwellError } from "../../sdk/index.ts";
import { idFrom } from "../id.ts";
import { underOwnNames } from "../own-names.ts";
import type { IngestFunction } from "./ingest.ts";

const WHERE = "OqronKit.init";
const CODE = "STEPWELL_INVALID_CLIENT";

/** All functions of this process, by id: each `ingest` adds its own, when its module is loaded. */
const registered = new Map<string, IngestFunction>();
let client: Stepwell | undefined;

/** Adds a function. @throws StepwellError `STEPWELL_DUPLICATE_FUNCTION` when another one has its id */
export function register(fn: IngestFunction): void {
  const other = registered.get(fn.id);
  if (other !== undefined) {
    const text = `the id "${fn.id}", which follows from the name, is that of ingest "${other.name}" already. Rename one of them.`;
    throw badInput("STEPWELL_DUPLICATE_FUNCTION", `ingest "${fn.name}"`, text);
  }
  registered.set(fn.id, fn);
}

/**
 * All functions that `ingest` has made in this process so far: import the modules that define them, then hand these to `startLocal`.
 *
 * @example
 * ```ts
 * const cloud = await startLocal({ client: client(), functions: functions(), clock: "virtual" });
 * ```
 */
export const functions = (): readonly IngestFunction[] => [...registered.values()];

/** The app that `OqronKit.init` has made. @throws StepwellError `STEPWELL_INVALID_CLIENT` before that */
export function appClient(): Stepwell {
  if (client !== undefined) return client;
  throw new StepwellError(
    CODE,
    `The app has no name yet. Call OqronKit.init({ config: { project: "my-app" } }) once, before functions are served and events sent.`,
  );
}

/** What `OqronKit.init` takes. */
export interface OqronKitOptions {
  readonly config: {
    /** The app's name, any text: functions are found by it for ever. */
    readonly project: string;
    /** Keeps apart what shares an engine; any text. @default "main" */
    readonly environment?: string | undefined;
    /** Gets the lines of handlers' loggers. @default - structured JSON with run, step and attempt */
    readonly logger?: Logger;
  };
}

/**
 * The kit's one object.
 *
 * @example
 * ```ts
 * await OqronKit.init({ config: { project: "shop" } });
 * ```
 */
export const OqronKit = {
  /**
   * Names the app. Nothing is connected to and nothing is started: on AWS the deploy has done that, on a laptop `startLocal` does.
   *
   * @throws StepwellError `STEPWELL_INVALID_CLIENT` for options that are wrong or unknown (modules, adapters and connections have nothing to
   *   say here), and for a second call with another project or environment
   * @example
   * ```ts
   * await OqronKit.init({ config: { project: "shop" } });
   * ```
   */
  async init(options: OqronKitOptions): Promise<void> {
    if (!isRecord(options) || !isRecord(options.config)) {
      throw badInput(CODE, WHERE, `takes { config: { project } }, got ${quote(options)}.`);
    }
    refuseUnknownKeys(options, ["config"], CODE, WHERE);
    refuseUnknownKeys(options.config, ["project", "environment", "logger"], CODE, `${WHERE}: config`);
    const { project, environment, logger } = options.config;
    if (typeof project !== "string") {
      throw badInput(CODE, `${WHERE}: config.project`, `must be the app's name, got ${quote(project)}.`);
    }
    const made = underOwnNames(
      () =>
        new Stepwell({
          id: idFrom(project) as string,
          ...(environment !== undefined && { environment: idFrom(environment) as string }),
          ...(logger !== undefined && { logger }),
        }),
      [
        ["new Stepwell: id", `${WHERE}: config.project`],
        ["new Stepwell: ", `${WHERE}: config.`],
      ],
    );
    if (client !== undefined && (client.id !== made.id || client.environment !== made.environment)) {
      const text = `this process is the app "${client.id}" in "${client.environment}" already; one process is one app.`;
      throw badInput(CODE, `${WHERE}: config`, text);
    }
    client ??= made;
  },
};
