import type { IncomingMessage, ServerResponse } from "node:http";
import { StepwellError } from "../sdk/protocol/index.ts";
import type { ApiHandler } from "./server.ts";

export interface HttpApiDeps {
  readonly run: (runId: string) => Promise<unknown>;
  readonly runsOf: (eventId: string) => Promise<unknown>;
  readonly send: (events: unknown) => Promise<unknown>;
  readonly meter: () => unknown;
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;

const ROUTES = ["GET /api", "GET /api/runs/<id>", "GET /api/events/<id>/runs", "POST /api/events", "GET /api/meter"];

/** `/api`: the `ROUTES`, which it lists itself. Answers JSON. */
export const createHttpApi =
  (deps: HttpApiDeps): ApiHandler =>
  async (request, response) => {
    try {
      const found = await answer(deps, request);
      if (found === undefined)
        return reply(response, 404, { error: `There is nothing at ${request.method} ${request.url}.` });
      reply(response, 200, found);
    } catch (error) {
      const isCallers = StepwellError.is(error) || error instanceof SyntaxError || error instanceof URIError;
      if (!isCallers) throw error;
      reply(response, 400, { error: error.message, ...("code" in error && { code: error.code }) });
    }
  };

async function answer(deps: HttpApiDeps, request: IncomingMessage): Promise<unknown> {
  const { pathname } = new URL(request.url ?? "/", "http://local");
  const route = `${request.method} ${pathname}`;
  if (/^GET \/api\/?$/.test(route)) return { routes: ROUTES };
  const run = /^GET \/api\/runs\/([^/]+)$/.exec(route)?.[1];
  if (run !== undefined) return deps.run(decodeURIComponent(run));
  const event = /^GET \/api\/events\/([^/]+)\/runs$/.exec(route)?.[1];
  if (event !== undefined) return deps.runsOf(decodeURIComponent(event));
  if (route === "POST /api/events") return deps.send(JSON.parse(await bodyOf(request)));
  return route === "GET /api/meter" ? deps.meter() : undefined;
}

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
