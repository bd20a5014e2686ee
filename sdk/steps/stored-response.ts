import { STEP_OUTPUT_BYTES_MAX, StepwellError } from "../protocol/index.ts";

/** A response as a step's result: everything that a `Response` is made of again. */
export interface StoredResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** In their order; a name may come more than once. */
  readonly headers: readonly (readonly [string, string])[];
  readonly redirected: boolean;
  /** Text, or base64 of what is no UTF-8. Absent: there was none. */
  readonly body?: string;
  readonly encoding?: "base64";
}

/** Reads a response to its end. @throws StepwellError `STEPWELL_STEP_OUTPUT_TOO_LARGE`, as soon as there is too much of it */
export async function storeResponse(response: Response, where: string): Promise<StoredResponse> {
  const { url, status, statusText, headers, redirected } = response;
  const bytes = await readBody(response, where);
  return { url, status, statusText, headers: [...headers], redirected, ...bodyOf(bytes) };
}

/** A response of its own for each call: its body can be read once. */
export function toResponse({ url, redirected, body, encoding, status, ...rest }: StoredResponse): Response {
  const headers = rest.headers.map(([name, value]): [string, string] => [name, value]);
  const bytes = body === undefined ? null : encoding === "base64" ? Buffer.from(body, "base64") : body;
  const response = new Response(HAS_NO_BODY.has(status) ? null : bytes, {
    status,
    statusText: rest.statusText,
    headers,
  });
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
}

/** Statuses with which a `Response` may have no body. */
const HAS_NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

async function readBody({ body }: Response, where: string): Promise<Buffer | undefined> {
  if (body === null) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > STEP_OUTPUT_BYTES_MAX) throw tooLarge(where);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function bodyOf(bytes: Buffer | undefined): Pick<StoredResponse, "body" | "encoding"> {
  if (bytes === undefined) return {};
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body: bytes.toString("base64"), encoding: "base64" };
  }
}

const tooLarge = (where: string) =>
  new StepwellError(
    "STEPWELL_STEP_OUTPUT_TOO_LARGE",
    `${where}: the response has more than ${STEP_OUTPUT_BYTES_MAX} bytes, which a step's result may have at most. ` +
      "Fetch it in a step.run, store it yourself (S3, a table), and return where it is.",
  );
