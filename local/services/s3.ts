import { createHash } from "node:crypto";
import type { Clock } from "../../sdk/protocol/clock.ts";
import { AwsError, unsupported } from "../aws-error.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store.ts";
import { bodyBytes, type Service, type WireRequest, type WireResponse } from "../wire.ts";

const SUPPORTED = ["CreateBucket", "HeadBucket", "PutObject", "GetObject", "HeadObject", "DeleteObject"];
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const METADATA_PREFIX = "x-amz-meta-";

interface StoredObject {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly modifiedAt: number;
}

/** As it lies in the store: bytes in base64. */
type Row = Omit<StoredObject, "bytes"> & { readonly base64: string };

export interface S3 {
  readonly service: Service;
  createBucket(name: string): void;
  /** For tests and tools: the keys of a bucket. */
  keys(bucket: string): readonly string[];
  restore(): Promise<void>;
}

export interface S3Deps {
  readonly clock: Clock;
  readonly store: Store;
  readonly meter: Meter;
}

type Buckets = Map<string, Map<string, StoredObject>>;

/** Buckets in the path, whole objects, no listing, no versions. */
export function createS3(deps: S3Deps): S3 {
  const buckets: Buckets = new Map();
  const createBucket = (name: string) => {
    if (!BUCKET.test(name)) throw new AwsError("InvalidBucketName", "The specified bucket is not valid.");
    if (buckets.has(name)) return;
    buckets.set(name, new Map());
    deps.store.put(`bucket/${name}`, true);
  };
  const service: Service = (request) => {
    try {
      return route(request, buckets, createBucket, deps);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return errorResponse(error, request);
    }
  };
  const restore = async () => {
    for (const [key] of await deps.store.entries("bucket/")) buckets.set(key.slice("bucket/".length), new Map());
    for (const [key, { base64, headers, modifiedAt }] of await deps.store.entries<Row>("object/")) {
      const [, bucket = "", ...rest] = key.split("/");
      buckets.get(bucket)?.set(rest.join("/"), { bytes: Buffer.from(base64, "base64"), headers, modifiedAt });
    }
  };
  return { service, createBucket, keys: (bucket) => [...(buckets.get(bucket)?.keys() ?? [])], restore };
}

function route(
  request: WireRequest,
  buckets: Buckets,
  createBucket: (name: string) => void,
  { clock, store, meter }: S3Deps,
): WireResponse {
  const { method, query } = request;
  const [bucket, key] = addressOf(request);
  const special = Object.keys(query).find((name) => !name.startsWith("X-Amz-") && name !== "x-id");
  const operation = special === undefined ? operationOf(method, key) : undefined;
  if (operation === undefined || request.headers["x-amz-copy-source"] !== undefined) {
    throw unsupported(`S3 ${method} ${request.path}${special === undefined ? "" : ` with ${special}`}`, SUPPORTED);
  }
  meter.call("s3", operation);
  meter.bill(method === "PUT" ? "objectWrites" : "objectReads", method === "DELETE" ? 0 : 1);
  if (operation === "CreateBucket") {
    createBucket(bucket);
    return { status: 200, headers: { location: `/${bucket}` }, body: "" };
  }
  const objects = buckets.get(bucket);
  if (objects === undefined) throw new AwsError("NoSuchBucket", "The specified bucket does not exist", 404);
  switch (operation) {
    case "PutObject": {
      checkPrecondition(request.headers, objects.get(key));
      const object = { bytes: decode(request), headers: keptHeaders(request), modifiedAt: clock.now() };
      objects.set(key, object);
      store.put(`object/${bucket}/${key}`, { ...object, bytes: undefined, base64: object.bytes.toString("base64") });
      return { status: 200, headers: { etag: etag(object.bytes) }, body: "" };
    }
    case "DeleteObject":
      objects.delete(key);
      store.delete(`object/${bucket}/${key}`);
      return { status: 204, headers: {}, body: "" };
    case "HeadBucket":
      return { status: 200, headers: {}, body: "" };
    default:
      return read(objects.get(key), method === "HEAD", request.headers.range);
  }
}

/** `If-None-Match: *`: nothing is there yet. `If-Match`: it is as it was seen. */
function checkPrecondition(headers: WireRequest["headers"], existing: StoredObject | undefined): void {
  const { "if-match": seen, "if-none-match": absent } = headers;
  if (absent !== undefined && absent !== "*") throw unsupported("S3 PutObject with an If-None-Match other than *");
  if (seen !== undefined && existing === undefined) throw noSuchKey();
  if (
    (absent !== undefined && existing !== undefined) ||
    (seen !== undefined && existing && seen !== etag(existing.bytes))
  )
    throw new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412);
}

const noSuchKey = () => new AwsError("NoSuchKey", "The specified key does not exist.", 404);

function operationOf(method: string, key: string): string | undefined {
  if (key === "") return { PUT: "CreateBucket", HEAD: "HeadBucket" }[method];
  return { PUT: "PutObject", GET: "GetObject", HEAD: "HeadObject", DELETE: "DeleteObject" }[method];
}

function read(object: StoredObject | undefined, headOnly: boolean, range: string | undefined): WireResponse {
  if (object === undefined) throw noSuchKey();
  if (range !== undefined) throw unsupported("S3 GetObject with a Range");
  const headers = {
    ...object.headers,
    etag: etag(object.bytes),
    "content-length": String(object.bytes.length),
    "last-modified": new Date(object.modifiedAt).toUTCString(),
  };
  return { status: 200, headers, body: headOnly ? "" : object.bytes, ...(!headOnly && { streamed: true as const }) };
}

/** `/bucket/some/key` */
function addressOf(request: WireRequest): readonly [bucket: string, key: string] {
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? [];
  return [bucket, decodeURIComponent(key)];
}

const etag = (bytes: Buffer) => `"${createHash("md5").update(bytes).digest("hex")}"`;

function keptHeaders({ headers }: WireRequest): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith(METADATA_PREFIX));
  return { "content-type": headers["content-type"] ?? "binary/octet-stream", ...Object.fromEntries(kept) };
}

/** The body, out of the `aws-chunked` framing in which SDKs send checksums: `<hex size>[;extension]\r\n<bytes>\r\n…0\r\n<trailers>`. */
function decode(request: WireRequest): Buffer {
  const bytes = bodyBytes(request);
  const framed =
    request.headers["content-encoding"]?.includes("aws-chunked") ||
    request.headers["x-amz-content-sha256"]?.startsWith("STREAMING-");
  // A copy: the caller may use its bytes again.
  if (!framed) return Buffer.from(bytes);
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd === -1 ? at : lineEnd), 16);
    if (Number.isNaN(size)) throw new AwsError("IncompleteBody", "The aws-chunked body is malformed.");
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

const escapeXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function errorResponse(error: AwsError, request: WireRequest): WireResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.name}</Code><Message>${escapeXml(error.message)}</Message></Error>`;
  return {
    status: error.status,
    headers: { "content-type": "application/xml" },
    body: request.method === "HEAD" ? "" : body,
  };
}
