import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** The header of a signed request: `t=<seconds>,n=<nonce>,v1=<hex>`. */
export const SIGNATURE_HEADER = "stepwell-signature";

/** How old, or how far ahead, the time of a signature may be, in seconds, unless an option says otherwise. */
export const TOLERANCE_SECONDS = 300;

/** What a signature says beside the HMAC. */
export interface Stamp {
  /** When it was made, in seconds since the epoch. */
  readonly seconds: number;
  /** Differs from request to request, and is the same in each repeat of one: 16 to 64 characters. */
  readonly nonce: string;
}

export interface Signed {
  /** Below the door: `events`, `invoke/ship-order`. A signature for one is none for another. */
  readonly route: string;
  readonly body: string | Uint8Array;
}

/** The header's value for a request. */
export function sign(secret: string, signed: Signed, stamp: Stamp): string {
  return `t=${stamp.seconds},n=${stamp.nonce},v1=${hmacOf(secret, signed, stamp).toString("hex")}`;
}

export const freshNonce = (): string => randomBytes(18).toString("base64url");

/** The stamp of a header's value that fits one of the secrets; undefined for any other, without a reason. */
export function verify(secrets: readonly string[], signed: Signed, header: string): Stamp | undefined {
  const [, seconds, nonce, given] = /^t=(\d{1,12}),n=([\w-]{16,64}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (seconds === undefined || nonce === undefined || given === undefined) return undefined;
  const stamp = { seconds: Number(seconds), nonce };
  return matchesAny(secrets, given, "hex", (secret) => hmacOf(secret, signed, stamp)) ? stamp : undefined;
}

/** Whether a time of a signature is near enough to now: what was overheard earlier is worth nothing. */
export const isRecent = (seconds: number, nowMs: number, toleranceSeconds: number): boolean =>
  Math.abs(nowMs / 1_000 - seconds) <= toleranceSeconds;

/** Whether one of the secrets gives this HMAC. Takes as long for a wrong one, and looks at all of them. */
export function matchesAny(
  secrets: readonly string[],
  given: string,
  encoding: "hex" | "base64",
  hmac: (secret: string) => Buffer,
): boolean {
  const bytes = Buffer.from(given, encoding);
  return secrets
    .map((secret) => hmac(secret))
    .map((expected) => expected.length === bytes.length && timingSafeEqual(expected, bytes))
    .includes(true);
}

const hmacOf = (secret: string, { route, body }: Signed, { seconds, nonce }: Stamp): Buffer =>
  createHmac("sha256", secret).update(`${seconds}.${nonce}.${route}.`).update(body).digest();
