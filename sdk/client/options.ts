import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Checkpointing } from "../execution/contract.ts";
import { checkCheckpointing } from "../functions/checkpointing.ts";
import type { CheckpointingOption, EventSchemas, Logger } from "../types/index.ts";

const CODE = "STEPWELL_INVALID_CLIENT";
const WHERE = "new Stepwell";

/** Functions and events of an app are in this environment unless it says otherwise. */
export const ENVIRONMENT_DEFAULT = "main";

/** Options of a client. */
export interface ClientOptions<S> {
  /** The app's id: 1 to 64 of `a-z 0-9 - _`. Functions are found by `<id>/<functionId>` for ever. */
  readonly id: string;
  /** The events that the app knows. @default - any name, any data */
  readonly schemas?: EventSchemas<S>;
  /** Gets the lines of handlers' loggers. @default - structured JSON with run, step and attempt */
  readonly logger?: Logger;
  /** One engine keeps many environments apart: 1 to 64 of `a-z 0-9 - _`. @default "main" */
  readonly environment?: string;
  /** How often finished steps are written down, for functions that do not say it themselves: see their option. @default true */
  readonly checkpointing?: CheckpointingOption;
}

export interface CheckedClientOptions {
  readonly id: string;
  readonly environment: string;
  readonly logger: Logger | undefined;
  readonly checkpointing: Checkpointing;
}

export function checkClientOptions(options: unknown): CheckedClientOptions {
  if (!isRecord(options))
    throw badInput(CODE, WHERE, `takes an object of options with an "id", got ${quote(options)}.`);
  if (options.middleware !== undefined) {
    const text =
      "is not there yet in this version of Stepwell. Leave it out; it is refused so that it is not silently ignored.";
    throw badInput("STEPWELL_UNSUPPORTED", `${WHERE}: middleware`, text);
  }
  refuseUnknownKeys(options, ["id", "schemas", "logger", "environment", "checkpointing"], CODE, WHERE);
  const { environment = ENVIRONMENT_DEFAULT } = options;
  return {
    id: checkId(options.id, CODE, `${WHERE}: id`),
    environment: checkId(environment, CODE, `${WHERE}: environment`),
    logger: checkLogger(options.logger),
    checkpointing: checkCheckpointing(options.checkpointing, CODE, `${WHERE}: checkpointing`),
  };
}

function checkLogger(logger: unknown): Logger | undefined {
  if (logger === undefined) return undefined;
  const missing = ["debug", "info", "warn", "error"].find((level) => {
    return typeof (logger as Record<string, unknown> | null)?.[level] !== "function";
  });
  if (missing === undefined) return logger as Logger;
  throw badInput(
    CODE,
    `${WHERE}: logger`,
    `must have the methods debug, info, warn and error; "${missing}" is missing.`,
  );
}
