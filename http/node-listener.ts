import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { answerTo } from "./answer.ts";
import type { DoorHandler } from "./door.ts";
import { Refusal } from "./refusal.ts";

/** What Express and others add to Node's request. */
type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown };

/**
 * A door as a listener of Node's `http` server, and so as middleware of Express. Mount it before anything that reads bodies: signatures are over
 * the bytes as they came. `express.raw()` does no harm.
 *
 * @example
 * ```ts
 * app.use("/stepwell", nodeListener(door)); // the door's option `path` is "/stepwell"
 * app.use(express.json());
 * ```
 */
export const nodeListener =
  (door: DoorHandler) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const response = await answerTo(door, () => requestOf(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  };

function requestOf(incoming: NodeRequest): Request {
  const { method = "GET", headers } = incoming;
  const base = `http://${headers.host ?? headers[":authority"] ?? "localhost"}`;
  const path = incoming.originalUrl ?? incoming.url ?? "/";
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(new URL(path, URL.canParse(base) ? base : "http://localhost"), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      // Those of HTTP/2 that are none.
      value === undefined || name.startsWith(":") ? [] : [[name, String(value)] as [string, string]],
    ),
    ...(hasBody && { body: bodyOf(incoming), duplex: "half" as const }),
  });
}

function bodyOf(incoming: NodeRequest): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> {
  if (incoming.body instanceof Uint8Array) return new Uint8Array(incoming.body);
  if (!incoming.readableEnded) return Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
  const text = "Something has read the body before the door: mount nodeListener before express.json().";
  throw new Refusal(500, "STEPWELL_DOOR_FAILED", text);
}
