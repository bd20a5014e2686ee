import { Refusal } from "./refusal.ts";

/** The body of a request, up to so many bytes. @throws Refusal 413 */
export async function readBody(request: Request, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    // What the header says need not be so.
    for await (const part of request.body ?? []) {
      bytes += part.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : brokenOff();
  }
  return Buffer.concat(parts);
}

/** The JSON of a body. @throws Refusal 400 */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new Refusal(400, "STEPWELL_INVALID_REQUEST", "The body is not JSON in UTF-8.");
  }
}

/** @throws Refusal 415 */
export function expectJson({ headers }: Request): void {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  const text = `The content type must be application/json, and is ${type ? `"${type}"` : "missing"}.`;
  throw new Refusal(415, "STEPWELL_INVALID_REQUEST", text);
}

const brokenOff = () => new Refusal(400, "STEPWELL_INVALID_REQUEST", "The body broke off, or had been read already.");

const tooLarge = (bytesMax: number) =>
  new Refusal(413, "STEPWELL_INVALID_REQUEST", `The body has more than ${bytesMax} bytes, the limit of this door.`);
