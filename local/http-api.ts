import type { IncomingMessage, ServerResponse } from "node:http";
import type { RunQuery, SkipsQuery } from "../lambdas/api/index.ts";
import {
  type FunctionManifest,
  RUN_STATUSES,
  RUNS_LISTED_MAX,
  type RunStatus,
  StepwellError,
} from "../sdk/protocol/index.ts";
import type { ApiHandler } from "./server.ts";
import { VERSION } from "./version.ts";

export type ListQuery = Omit<RunQuery, "env" | "app">;
export type CountQuery = Omit<SkipsQuery, "env" | "app">;

export interface HttpApiDeps {
  readonly about: () => AboutApp;
  readonly run: (runId: string) => Promise<unknown>;
  readonly runs: (query: ListQuery) => Promise<unknown>;
  readonly skips: (query: CountQuery) => Promise<unknown>;
  readonly runsOf: (eventId: string) => Promise<unknown>;
  readonly cancel: (runId: string, options: unknown) => Promise<unknown>;
  readonly send: (events: unknown) => Promise<unknown>;
  readonly meter: () => unknown;
  readonly messages: () => QueuesNow;
  readonly deadLetters: (after: string | undefined) => Promise<unknown>;
  readonly deadLetter: (id: string) => Promise<unknown>;
  readonly redrive: (body: unknown) => Promise<unknown>;
}

/** What lies in the queues. */
export interface QueuesNow {
  /** By the cloud's clock, in ms since the epoch. */
  readonly now: number;
  readonly messages: readonly {
    readonly queue: string;
    readonly body: string;
    readonly state: "visible" | "delayed" | "inflight";
  }[];
}

/** What the cloud runs. */
export interface AboutApp {
  readonly app: string;
  readonly environment: string;
  readonly functions: readonly FunctionManifest[];
}

/** What `GET /api` answers: by `name` others tell that this is a stepwell. */
export interface About extends AboutApp {
  readonly name: "stepwell";
  readonly version: string;
  readonly routes: readonly string[];
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;

const ROUTES = [
  "GET /api",
  "GET /api/runs?function=&status=&limit=&before=&since=",
  "GET /api/runs/<id>",
  "GET /api/skips?function=&since=",
  "POST /api/runs/<id>/cancel",
  "GET /api/events/<id>/runs",
  "POST /api/events",
  "GET /api/dead?after=",
  "GET /api/dead/<id>",
  "POST /api/dead/redrive",
  "GET /api/meter",
  "GET /api/messages",
];

/** `/api`: the `ROUTES`, which it lists itself. Answers JSON. */
export const createHttpApi =
  (deps: HttpApiDeps): ApiHandler =>
  async (request, response) => {
    try {
      const found = await answer(deps, request);
      if (found !== undefined) return reply(response, 200, found);
      const error = `There is nothing at ${request.method} ${request.url}. There is: ${ROUTES.join(", ")}.`;
      reply(response, 404, { error });
    } catch (error) {
      const isCallers = StepwellError.is(error) || error instanceof SyntaxError || error instanceof URIError;
      if (!isCallers) throw error;
      reply(response, 400, { error: error.message, ...("code" in error && { code: error.code }) });
    }
  };

async function answer(deps: HttpApiDeps, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://local");
  const route = `${request.method} ${pathname.replace(/(?<=.)\/$/, "")}`;
  if (route === "GET /api")
    return { name: "stepwell", version: VERSION, ...deps.about(), routes: ROUTES } satisfies About;
  if (route === "GET /api/runs") return deps.runs(listQuery(searchParams));
  if (route === "GET /api/skips") return deps.skips(countQuery(searchParams));
  const run = /^GET \/api\/runs\/([^/]+)$/.exec(route)?.[1];
  if (run !== undefined) return deps.run(decodeURIComponent(run));
  const cancelled = /^POST \/api\/runs\/([^/]+)\/cancel$/.exec(route)?.[1];
  if (cancelled !== undefined)
    return deps.cancel(decodeURIComponent(cancelled), JSON.parse((await bodyOf(request)) || "{}"));
  const event = /^GET \/api\/events\/([^/]+)\/runs$/.exec(route)?.[1];
  if (event !== undefined) return deps.runsOf(decodeURIComponent(event));
  if (route === "GET /api/dead") return deps.deadLetters(known(searchParams, ["after"])("after"));
  if (route === "POST /api/dead/redrive") return deps.redrive(JSON.parse(await bodyOf(request)));
  const letter = /^GET \/api\/dead\/([^/]+)$/.exec(route)?.[1];
  if (letter !== undefined) return deps.deadLetter(decodeURIComponent(letter));
  if (route === "POST /api/events") return deps.send(JSON.parse(await bodyOf(request)));
  if (route === "GET /api/messages") return deps.messages();
  return route === "GET /api/meter" ? deps.meter() : undefined;
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` naming the parameter and what it takes */
function listQuery(params: URLSearchParams): ListQuery {
  const given = known(params, ["function", "status", "limit", "before", "since"]);
  return {
    functionId: given("function"),
    status: status(given("status")),
    limit: whole(given("limit"), "limit", 1, RUNS_LISTED_MAX),
    before: runId(given("before")),
    since: time(given("since"), "since"),
  };
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` naming the parameter and what it takes */
function countQuery(params: URLSearchParams): CountQuery {
  const given = known(params, ["function", "since"]);
  return { functionId: given("function"), since: time(given("since"), "since") };
}

function known(params: URLSearchParams, names: readonly string[]): (name: string) => string | undefined {
  const stranger = [...params.keys()].find((name) => !names.includes(name));
  if (stranger !== undefined) throw invalid(stranger, `is not one of ${names.join(", ")}`);
  return (name) => params.get(name) || undefined;
}

const time = (text: string | undefined, name: string) => whole(text, name, 0, Number.MAX_SAFE_INTEGER);

function status(text: string | undefined): RunStatus | undefined {
  if (text === undefined || RUN_STATUSES.includes(text as RunStatus)) return text as RunStatus | undefined;
  throw invalid("status", `is one of ${RUN_STATUSES.join(", ")}`);
}

function runId(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text)) return text;
  throw invalid("before", "is the id of a run: 26 characters");
}

function whole(text: string | undefined, name: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw invalid(name, `is a whole number from ${least} to ${most}`);
}

const invalid = (name: string, problem: string) =>
  new StepwellError("STEPWELL_INVALID_OPTION", `The parameter "${name}" ${problem}.`);

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > BODY_BYTES_MAX)
      throw new StepwellError("STEPWELL_EVENT_TOO_LARGE", `More than ${BODY_BYTES_MAX} bytes.`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
