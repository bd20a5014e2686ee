import { AwsError, unsupported } from "./aws-error.ts";

/** An HTTP request to one of the services, whichever way it came. Header names are lower case. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string;
  /** The client reads the body as a stream. */
  readonly streamed?: true;
}

export type Dispatch = (request: WireRequest) => Promise<WireResponse>;

/** The services by the name in a signature's scope. */
export type ServiceName = "dynamodb" | "sqs" | "events" | "scheduler" | "states" | "lambda" | "s3";

export type Service = (request: WireRequest) => WireResponse | Promise<WireResponse>;

const TARGETS: readonly (readonly [prefix: string, service: ServiceName])[] = [
  ["DynamoDB_", "dynamodb"],
  ["AmazonSQS.", "sqs"],
  ["AWSEvents.", "events"],
  ["AWSStepFunctions.", "states"],
];

const PATHS: readonly (readonly [pattern: RegExp, service: ServiceName])[] = [
  [/^\/2015-03-31\/functions\//, "lambda"],
  [/^\/schedule(s|-groups)(\/|$)/, "scheduler"],
];

/** Finds the service of a request: by the scope of its signature, else by its target header, else by its path. */
export function serviceOf(request: WireRequest): string | undefined {
  const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? "");
  const presigned = /^[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request$/.exec(request.query["X-Amz-Credential"] ?? "");
  const target = request.headers["x-amz-target"] ?? "";
  return (
    scope?.[1] ??
    presigned?.[1] ??
    TARGETS.find(([prefix]) => target.startsWith(prefix))?.[1] ??
    PATHS.find(([pattern]) => pattern.test(request.path))?.[1]
  );
}

export const bodyText = (request: WireRequest): string =>
  typeof request.body === "string" ? request.body : bodyBytes(request).toString("utf8");

/** A view, not a copy: the SDK's byte arrays complain when they are copied. */
export const bodyBytes = ({ body }: WireRequest): Buffer =>
  typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** The body as a JSON object; an empty one stands for `{}`. */
export function bodyJson(request: WireRequest): Record<string, unknown> {
  const text = bodyText(request);
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new AwsError("SerializationException", `The body is not JSON: ${String(cause)}`);
  }
  throw new AwsError("SerializationException", "The body is not a JSON object.");
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): WireResponse => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0", ...headers },
  body: JSON.stringify(value),
});

/** An error in the shape that the JSON protocols and REST-JSON have in common. */
export const jsonError = (error: AwsError, headers: Record<string, string> = {}): WireResponse =>
  json({ __type: error.name, message: error.message, Message: error.message, ...error.fields }, error.status, {
    "x-amzn-errortype": error.name,
    ...headers,
  });

export type JsonOperation = (input: Record<string, unknown>) => unknown;

/** A service of the JSON protocols: the operation is in `X-Amz-Target`. */
export function jsonService(
  name: string,
  operations: Readonly<Record<string, JsonOperation>>,
  hooks: {
    readonly count: (operation: string) => void;
    readonly error?: (error: AwsError) => Record<string, string>;
  },
): Service {
  return async (request) => {
    const operation = request.headers["x-amz-target"]?.split(".")[1] ?? "";
    const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    try {
      if (run === undefined) throw unsupported(`${name} ${operation || "(no operation)"}`, Object.keys(operations));
      hooks.count(operation);
      return json((await run(bodyJson(request))) ?? {});
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return jsonError(error, hooks.error?.(error));
    }
  };
}
