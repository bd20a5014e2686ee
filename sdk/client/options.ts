import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Checkpointing } from "../execution/contract.ts";
import { checkCheckpointing } from "../functions/checkpointing.ts";
import { checkMiddleware, type Middlewares } from "../middleware/index.ts";
import type { EventSchemas } from "../schemas/index.ts";
import type { CheckpointingOption, Logger } from "../types/index.ts";

const CODE = "STEPWELL_INVALID_CLIENT";
const WHERE = "new Stepwell";

/** Functions and events of an app are in this environment unless it says otherwise. */
export const ENVIRONMENT_DEFAULT = "main";

/** Options of a client. */
export interface ClientOptions<S, M extends Middlewares = Middlewares> {
  /** The app's id: 1 to 64 of `a-z 0-9 - _`. Functions are found by `<id>/<functionId>` for ever. */
  readonly id: string;
  /** The events that the app knows. @default - any name, any data */
  readonly schemas?: EventSchemas<S>;
  /** Gets the lines of handlers' loggers. @default - structured JSON with run, step and attempt */
  readonly logger?: Logger;
  /**
   * Middleware of all functions and sends of this client, in its order: a function's own comes after it. What it adds to the handler's
   * context is typed there.
   */
  readonly middleware?: M;
  /** One engine keeps many environments apart: 1 to 64 of `a-z 0-9 - _`. @default "main" */
  readonly environment?: string;
  /** How often finished steps are written down, for functions that do not say it themselves: see their option. @default true */
  readonly checkpointing?: CheckpointingOption;
}

export interface CheckedClientOptions {
  readonly id: string;
  readonly environment: string;
  readonly logger: Logger | undefined;
  readonly schemas: EventSchemas | undefined;
  readonly middleware: Middlewares;
  readonly checkpointing: Checkpointing;
}

export function checkClientOptions(options: unknown): CheckedClientOptions {
  if (!isRecord(options))
    throw badInput(CODE, WHERE, `takes an object of options with an "id", got ${quote(options)}.`);
  refuseUnknownKeys(options, ["id", "schemas", "logger", "middleware", "environment", "checkpointing"], CODE, WHERE);
  const { environment = ENVIRONMENT_DEFAULT } = options;
  return {
    id: checkId(options.id, CODE, `${WHERE}: id`),
    environment: checkId(environment, CODE, `${WHERE}: environment`),
    logger: checkLogger(options.logger),
    schemas: checkSchemas(options.schemas),
    middleware: checkMiddleware(options.middleware, CODE, `${WHERE}: middleware`),
    checkpointing: checkCheckpointing(options.checkpointing, CODE, `${WHERE}: checkpointing`),
  };
}

/** Also of a second copy of this package. */
function checkSchemas(schemas: unknown): EventSchemas | undefined {
  if (schemas === undefined) return undefined;
  if (isRecord(schemas) && typeof schemas.of === "function") return schemas as unknown as EventSchemas;
  throw badInput(CODE, `${WHERE}: schemas`, `must be \`new EventSchemas()\` with its sources, got ${quote(schemas)}.`);
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
