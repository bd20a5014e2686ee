import { type OutgoingEvent, prepareEvents } from "../execution/index.ts";
import type { MiddlewareStack } from "../middleware/index.ts";
import { StepwellError } from "../protocol/index.ts";
import { outgoingCheck, type SchemaSource } from "../schemas/index.ts";
import type { SendResult } from "../types/index.ts";
import { checkEvents } from "./events.ts";
import { type Scope, scopeOf } from "./scope.ts";

/** The environment variable with the engine's binding, as the engine sets it. The contract of the Lambdas names it too. */
export const ENGINE_ENV_KEY = "STEPWELL_ENGINE";

/** What `send` needs of a client. */
export interface SendingClient {
  readonly id: string;
  readonly environment: string;
  readonly schemas?: SchemaSource | undefined;
}

/**
 * `client.send`: checks all events, then sends them, through the client's middleware, to the engine of the run around, of the local cloud,
 * or of the environment. Schemas judge what the code sends, and not what middleware makes of it.
 */
export async function send(
  client: SendingClient,
  given: unknown,
  newId: () => string,
  middleware: MiddlewareStack | undefined,
): Promise<SendResult> {
  const events = checkEvents(given, "send");
  await outgoingCheck(given, events, { schemas: client.schemas, where: "send" })?.();
  const sendAll = (all: readonly OutgoingEvent[]) => sendChecked(client, all, newId);
  return middleware === undefined ? sendAll(events) : middleware.send(events, sendAll);
}

/** Sends events whose names are not looked at any more: the client's own requests are reserved ones. */
export async function sendChecked(
  client: SendingClient,
  events: readonly OutgoingEvent[],
  newId: () => string,
): Promise<SendResult> {
  if (events.length === 0) return { ids: [] };
  const { sender, hops, env } = await whereTo(client);
  const ts = sender.now?.() ?? Date.now();
  const prepared = prepareEvents(events, { env, hops, ts, id: newId });
  await sender.send(client.id, prepared);
  return { ids: prepared.map((event) => event.envelope.id) };
}

/** The engine of the run around, of the local cloud, or of the environment. */
export async function whereTo(client: SendingClient): Promise<Required<Scope>> {
  return { env: client.environment, ...(scopeOf(client) ?? (await scopeOfEnvironment())) };
}

let fromEnvironment: { readonly text: string; readonly scope: Promise<Scope> } | undefined;

/** Made once for each value of the variable: its AWS clients keep their connections. */
function scopeOfEnvironment(): Promise<Scope> {
  const text = process.env[ENGINE_ENV_KEY];
  if (text === undefined || text === "") throw noEngine();
  if (fromEnvironment?.text !== text) fromEnvironment = { text, scope: connect(text) };
  return fromEnvironment.scope;
}

async function connect(text: string): Promise<Scope> {
  const { createBusSender } = await import("../../lambdas/aws/bus.ts");
  const binding = parseBinding(text);
  // Where it is deployed to says which environment this is.
  return { sender: createBusSender(binding), hops: 0, env: binding.env };
}

type Binding = Parameters<typeof import("../../lambdas/aws/bus.ts")["createBusSender"]>[0];

function parseBinding(text: string): Binding {
  try {
    return JSON.parse(text) as Binding;
  } catch (cause) {
    throw new StepwellError("STEPWELL_NO_ENGINE", `${ENGINE_ENV_KEY} is not JSON: it holds the engine's binding.`, {
      cause,
    });
  }
}

const noEngine = () =>
  new StepwellError(
    "STEPWELL_NO_ENGINE",
    `There is no engine to send to. On a laptop, start one with \`startLocal\` of "stepwell/local", which this client is then bound to; ` +
      `in AWS, the environment variable ${ENGINE_ENV_KEY} tells it.`,
  );
