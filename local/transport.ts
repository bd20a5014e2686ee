import { AsyncLocalStorage } from "node:async_hooks";
import { Readable } from "node:stream";
import { currentInvocation } from "./invocation.ts";
import { isOffTheBill, offTheBill } from "./meter.ts";
import type { Dispatch, WireRequest, WireResponse } from "./wire.ts";

/** What the AWS SDK hands to a request handler, as far as it matters here. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A request handler for AWS SDK clients that calls the services in this process, without a socket. */
export interface InProcessHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
}

export function inProcessHandler(dispatch: Dispatch): InProcessHandler {
  // Services must not run in the context of the invocation that calls them: their timers and time are not its own.
  const outside = AsyncLocalStorage.snapshot();
  const handle: InProcessHandler["handle"] = async (request, options) => {
    const aborted = options?.abortSignal;
    if (isAborted(aborted)) throw abortError();
    const unbilled = isOffTheBill();
    const invocation = currentInvocation();
    if (invocation?.dead) return new Promise(() => {});
    const endCall = invocation?.beginCall();
    try {
      const wire = await toWire(request);
      const response = await untilAborted(
        outside(() => (unbilled ? offTheBill(() => dispatch(wire)) : dispatch(wire))),
        aborted,
      );
      return { response: fromWire(response) };
    } finally {
      endCall?.();
    }
  };
  return {
    metadata: { handlerProtocol: "http/1.1" },
    handle,
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    destroy: () => {},
  };
}

async function toWire(request: SdkRequest): Promise<WireRequest> {
  const query: Record<string, string> = {};
  for (const [key, value] of Object.entries(request.query ?? {})) {
    query[key] = Array.isArray(value) ? value.join(",") : (value ?? "");
  }
  const headers: Record<string, string> = {};
  for (const key of Object.keys(request.headers)) headers[key.toLowerCase()] = request.headers[key] as string;
  return { method: request.method, path: request.path, query, headers, body: await readBody(request.body) };
}

async function readBody(body: unknown): Promise<Uint8Array | string> {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof Readable) return Buffer.concat(await body.toArray());
  throw new TypeError(`The in-process transport cannot read a body of type ${Object.prototype.toString.call(body)}.`);
}

/** The SDK reads S3 objects as streams, and changes the prototype of byte arrays: each response gets a body of its own. */
function fromWire(response: WireResponse): SdkResponse {
  const bytes = typeof response.body === "string" ? Buffer.from(response.body) : new Uint8Array(response.body);
  const body = response.streamed === true ? Readable.from([bytes]) : bytes;
  return { statusCode: response.status, headers: response.headers, body };
}

const isAborted = (signal: unknown): boolean =>
  typeof signal === "object" && signal !== null && "aborted" in signal && signal.aborted === true;

function untilAborted<T>(work: Promise<T>, signal: unknown): Promise<T> {
  if (!(signal instanceof AbortSignal)) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError());
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const abortError = () => Object.assign(new Error("Request aborted"), { name: "AbortError" });
