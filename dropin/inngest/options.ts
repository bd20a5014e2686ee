import { badInput, isRecord } from "../../sdk/errors/index.ts";

/**
 * What becomes of an option: it `works`, it has `noEffect` since what it asks for is how Stepwell works anyway or there is nothing to
 * apply it to, or it is refused, with the reason.
 */
export type Fate = "works" | "noEffect" | { readonly refused: string };
type Fates = Readonly<Record<string, Fate>>;

/** Options of `new Inngest`, of v3 and v4. */
export const CLIENT_OPTIONS = {
  id: "works",
  schemas: "works",
  middleware: "works",
  logger: "works",
  env: "works",
  checkpointing: "works",
  experimentalCheckpointing: "works",
  eventKey: "noEffect",
  signingKey: "noEffect",
  signingKeyFallback: "noEffect",
  isDev: "noEffect",
  fetch: "noEffect",
  appVersion: "noEffect",
  optimizeParallelism: "noEffect",
  internalLogger: "noEffect",
  logLevel: "noEffect",
  streaming: "noEffect",
  aiMetadata: "noEffect",
  baseUrl: {
    refused:
      "events go to the engine's bus, which the App's environment or the local cloud tells, and no address would be asked. Leave it out.",
  },
  sessionPropagation: { refused: "events have no sessions here. Put what runs have in common into the events' data." },
  endpointAdapter: { refused: "there are no durable endpoints. Make it a function, and start it by an event." },
} as const satisfies Fates;

/** Options of `serve` beside `client` and `functions`: the Lambda has no address, and IAM says who may invoke it. */
export const SERVE_OPTIONS = {
  client: "works",
  functions: "works",
  signingKey: "noEffect",
  signingKeyFallback: "noEffect",
  serveHost: "noEffect",
  serveOrigin: "noEffect",
  servePath: "noEffect",
  streaming: "noEffect",
  logLevel: "noEffect",
  fetch: "noEffect",
  enableUnauthedSync: "noEffect",
  baseUrl: { refused: "functions are registered by the deploy, and no address would be asked. Leave it out." },
  id: { refused: "the app's id is the client's. Leave it out, or give the client that id." },
} as const satisfies Fates;

/** Environment variables that Inngest's SDK reads. None is refused: they may be there for other programs. */
export const VARIABLES = {
  INNGEST_ENV: "works",
  INNGEST_EVENT_KEY: "noEffect",
  INNGEST_SIGNING_KEY: "noEffect",
  INNGEST_SIGNING_KEY_FALLBACK: "noEffect",
  INNGEST_DEV: "noEffect",
  INNGEST_BASE_URL: "noEffect",
  INNGEST_API_BASE_URL: "noEffect",
  INNGEST_EVENT_API_BASE_URL: "noEffect",
  INNGEST_DEVSERVER_URL: "noEffect",
  INNGEST_SERVE_HOST: "noEffect",
  INNGEST_SERVE_ORIGIN: "noEffect",
  INNGEST_SERVE_PATH: "noEffect",
  INNGEST_LOG_LEVEL: "noEffect",
  INNGEST_STREAMING: "noEffect",
  INNGEST_ALLOW_IN_BAND_SYNC: "noEffect",
  INNGEST_ENABLE_UNAUTHED_SYNC: "noEffect",
  INNGEST_SESSION_PROPAGATION: "noEffect",
} as const satisfies Fates;

/** The options of a list that work, without the others. Those that are refused throw; unknown ones are left to whoever takes them. */
export function keepWorking(given: unknown, fates: Fates, where: string): unknown {
  if (!isRecord(given)) return given;
  const kept = Object.entries(given).filter(([name, value]) => {
    const fate = Object.hasOwn(fates, name) ? fates[name] : "works";
    if (typeof fate === "object" && value !== undefined)
      throw badInput("STEPWELL_UNSUPPORTED", `${where}: ${name}`, fate.refused);
    return fate === "works";
  });
  return Object.fromEntries(kept);
}
