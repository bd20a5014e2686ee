import { isRecord } from "../sdk/errors/index.ts";
import type { Invocable } from "../sdk/types/index.ts";
import { answer, answerError, isUnavailable } from "./answer.ts";
import { authenticate, expectCredentials } from "./auth.ts";
import { expectJson, parseJson, readBody } from "./body.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { invokeFunction } from "./invoke.ts";
import { checkDoor, type Door, type DoorOptions } from "./options.ts";
import { Refusal } from "./refusal.ts";
import { type Route, routeOf } from "./routes.ts";
import type { Stamp } from "./signature.ts";
import { deliveryOf, eventsOf, withIds } from "./webhook.ts";

/** An HTTP door: takes a request, and always answers. */
export type DoorHandler = (request: Request) => Promise<Response>;

/**
 * An HTTP door to an app, for callers without AWS credentials. Everything is POST, and all answers are JSON.
 *
 * `events` takes an event or an array of them, and answers `{ ids }` in the same order. `invoke/<functionId>` takes `{ data?, user?, id?, ts? }`
 * as `invokeFunction` does, and answers `{ runId }` without waiting for the run. `webhooks/<name>` takes what a provider posts, has the webhook's
 * `transform` make events of it, and answers `{ ids }`.
 *
 * A request that is not taken gets `{ error: { code, message } }` with 400 for what is wrong in it, 401 for who may not
 * call, 403 for events and origins that are not allowed, 404, 405, 413 past a limit, 415 for another type than JSON, 429 when too many are under way,
 * 503 when the engine cannot be reached, and 500 when a `transform` throws.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION` with the option's path
 * @example
 * ```ts
 * const door = httpDoor({ client: stepwell, functions: [shipOrder], auth: { secrets: [secret] }, path: "/stepwell" });
 * app.post("/stepwell/*", (c) => door(c.req.raw)); // Hono
 * ```
 */
export function httpDoor<S>(options: DoorOptions<S>): DoorHandler {
  return createDoor(options, { now: Date.now, invoke: invokeFunction });
}

/** What a door is given beside its options. */
interface World {
  readonly now: () => number;
  readonly invoke: typeof invokeFunction;
}

/** The same in a given world. */
export function createDoor(options: unknown, world: World): DoorHandler {
  const door = checkDoor(options);
  warnOfOpenDoors(door);
  let inFlight = 0;
  return async (request) => {
    inFlight += 1;
    try {
      if (inFlight > door.limits.inFlight) throw tooMany();
      return await handle(door, request, world);
    } catch (error) {
      return answerError(error, door.log);
    } finally {
      inFlight -= 1;
    }
  };
}

async function handle(door: Door, request: Request, world: World): Promise<Response> {
  const headers = corsHeaders(request, door.origins);
  const route = routeOf(request, door.path);
  if (request.method === "OPTIONS") return preflight(headers);
  try {
    const [status, body] = await take(door, request, { route, now: world.now(), invoke: world.invoke });
    return answer(status, body, headers);
  } catch (error) {
    const failed = answerError(error, door.log);
    for (const [name, value] of Object.entries(headers)) failed.headers.set(name, value);
    return failed;
  }
}

interface Asked {
  readonly route: Route;
  readonly now: number;
  readonly invoke: World["invoke"];
}

async function take(door: Door, request: Request, { route, now, invoke }: Asked): Promise<readonly [number, unknown]> {
  // A provider signs its webhooks in a way of its own. IAM is in front of everything.
  const auth = route.kind === "webhook" && door.auth !== "iam" ? "none" : door.auth;
  expectCredentials(auth, request);
  const body = await readBody(request, door.limits.bodyBytes);
  const stamp = await authenticate(auth, request, { route: route.text, body, now });
  if (route.kind === "webhook") return [200, await takeWebhook(door, request, { name: route.name, body, now })];
  expectJson(request);
  const given = parseJson(body);
  if (route.kind === "events") return [200, await takeEvents(door, given, stamp)];
  return [202, await invoke(door.client, functionOf(door, route.functionId), identified(given, stamp))];
}

async function takeEvents(door: Door, given: unknown, stamp: Stamp | undefined): Promise<unknown> {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const forbidden = list.find((event) => isRecord(event) && !door.mayPost(String(event.name)));
  if (isRecord(forbidden)) {
    const text = `Events of the name ${JSON.stringify(String(forbidden.name).slice(0, 200))} may not be posted here.`;
    throw new Refusal(403, "STEPWELL_FORBIDDEN", text);
  }
  // The same signed request is the same events.
  return send(door, stamp === undefined ? list : withIds(list, (index) => `${stamp.nonce}-${index}`));
}

/** @throws Refusal 404 */
function functionOf({ functions }: Door, id: string): Invocable {
  const fn = functions.get(id);
  if (fn !== undefined) return fn;
  const text = `There is no function "${id}" that may be invoked here: the option "functions" of the door lists them.`;
  throw new Refusal(404, "STEPWELL_FUNCTION_NOT_FOUND", text);
}

/** What to invoke with; the same signed request is the same run, unless the caller has said which it is. */
function identified(given: unknown, stamp: Stamp | undefined): object {
  if (!isRecord(given) || stamp === undefined || given.id !== undefined || given.ts !== undefined)
    return given as object;
  return { ...given, id: stamp.nonce, ts: stamp.seconds * 1_000 };
}

interface Posted {
  readonly name: string;
  readonly body: Buffer;
  readonly now: number;
}

async function takeWebhook(door: Door, request: Request, { name, body, now }: Posted): Promise<unknown> {
  const webhook = door.webhooks.get(name);
  if (webhook === undefined)
    throw new Refusal(404, "STEPWELL_INVALID_REQUEST", `There is no webhook "${name}" at this door.`);
  try {
    return await send(door, await eventsOf(webhook, deliveryOf(request, name, body, now)));
  } catch (error) {
    if (error instanceof Refusal || isUnavailable(error)) throw error;
    // Events that are none are the app's doing here, and not the caller's: the provider shall deliver again.
    throw new Error(`The webhook "${name}" failed. ${String(error)}`, { cause: error });
  }
}

async function send({ client, limits }: Door, events: readonly unknown[]): Promise<unknown> {
  if (events.length > limits.events) {
    const text = `${events.length} events in one request; the limit of this door is ${limits.events}.`;
    throw new Refusal(413, "STEPWELL_INVALID_REQUEST", text);
  }
  const { ids } = await client.send(events as never);
  return { ids };
}

function warnOfOpenDoors({ auth, webhooks, log }: Door): void {
  if (auth === "none")
    log.warn('an HTTP door takes events and invocations from everybody who reaches it: its option "auth" is "none"');
  if (auth === "iam") return;
  for (const [name, { verify }] of webhooks)
    if (verify === "none") log.warn("a webhook takes what anybody posts", { webhook: name });
}

const tooMany = () =>
  new Refusal(429, "STEPWELL_TOO_MANY_REQUESTS", "Too many requests are under way here. Send it again in a moment.", {
    "retry-after": "1",
  });
