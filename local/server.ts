import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StepwellError } from "../sdk/protocol/index.ts";
import type { LocalLog } from "./log.ts";
import type { Dispatch, WireRequest, WireResponse } from "./wire.ts";

/** Answers the local cloud's own HTTP API. */
export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface LocalServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly dispatch: Dispatch;
  readonly api: { readonly handler: ApiHandler | undefined };
  readonly port: number;
  readonly host: string | undefined;
  readonly log: LocalLog;
}

const LOOPBACK = "127.0.0.1";
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** The services are there before the app is. */
const STARTING = JSON.stringify({ error: "This local cloud is still starting its app. Try again in a moment." });

/** One port for all services and for `/api`, on the loopback interface unless another host is asked for. */
export async function startServer({ dispatch, api, port, host, log }: ServerOptions): Promise<LocalServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      log("error", `${request.method} ${request.url} failed`, { error });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request, (server.address() as AddressInfo).port, host);
    if (refusal !== undefined) return refuse(response, refusal);
    if (/^\/api([/?]|$)/.test(request.url ?? "")) {
      if (api.handler === undefined)
        return void response.writeHead(503, { "content-type": "application/json" }).end(STARTING);
      return api.handler(request, response);
    }
    send(response, await dispatch(await toWire(request)));
  };
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, port)));
    server.listen(port, host ?? LOOPBACK, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
      server.closeAllConnections();
    });
  return { url: `http://${urlHost(host)}:${bound}`, close };
}

function cannotListen(error: NodeJS.ErrnoException, port: number): Error {
  const why = { EADDRINUSE: "is taken by another program", EACCES: "is not open to this user" }[error.code ?? ""];
  if (why === undefined) return error;
  const text = `startLocal: the port ${port} ${why}. Choose another "port", or leave it out for a free one.`;
  return new StepwellError("STEPWELL_INVALID_OPTION", text, { cause: error });
}

/** A host that listens everywhere is no address to call. */
const urlHost = (host: string | undefined) =>
  host === undefined || host === "0.0.0.0" || host === "::" ? LOOPBACK : host.includes(":") ? `[${host}]` : host;

/** A web page must not reach this server: not by a name of its own that points here, nor from its own origin. */
function refusalOf(request: IncomingMessage, port: number, host: string | undefined): string | undefined {
  const names = [LOOPBACK, "localhost", "[::1]", ...(host === undefined ? [] : [urlHost(host)])];
  const own = new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
  const asked = request.headers.host ?? "";
  if (!own.has(asked.toLowerCase())) return `Host ${asked} is not this server. Start it with that host to allow it.`;
  const { origin } = request.headers;
  if (origin === undefined || own.has(origin.replace(/^http:\/\//, ""))) return undefined;
  return `Origin ${origin} may not call this server.`;
}

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(403, { "content-type": "text/plain" }).end(`${why}\n`);
}

async function toWire(request: IncomingMessage): Promise<WireRequest> {
  const url = new URL(request.url ?? "/", "http://local");
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > BODY_BYTES_MAX) throw new Error(`A request of more than ${BODY_BYTES_MAX} bytes`);
    parts.push(part as Buffer);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
    body: Buffer.concat(parts),
  };
}

function send(response: ServerResponse, { status, headers, body }: WireResponse): void {
  const length = { "content-length": String(Buffer.byteLength(body)) };
  response.writeHead(status, headers["content-length"] === undefined ? { ...headers, ...length } : headers).end(body);
}
