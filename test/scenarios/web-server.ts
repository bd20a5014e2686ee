import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server on a free port, closed after the test, and what it was asked. */
export async function listen(answer: (response: ServerResponse, asked: Asked, count: number) => void) {
  const requests: Asked[] = [];
  const created = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url: path, headers } = request;
    const asked = { method, path, headers, body: Buffer.concat(chunks).toString() };
    requests.push(asked);
    answer(response, asked, requests.length);
  });
  server = created;
  await new Promise<void>((resolve) => created.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(created.address() as AddressInfo).port}`;
  return { url: `http://${host}/`, host, requests };
}

/** Ends the connection without an answer. */
export const hangUp = (response: ServerResponse): void => void response.destroy();
