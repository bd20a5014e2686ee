import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { callerOf } from "./caller.ts";
import { Refusal } from "./refusal.ts";
import { isRecent, SIGNATURE_HEADER, type Stamp, TOLERANCE_SECONDS, verify } from "./signature.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "httpDoor: auth";
const SECRET_CHARS_MIN = 32;
const TOLERANCE_SECONDS_MAX = 3_600;

/** Secrets, or what loads them; asked at each request. */
export type Secrets = readonly string[] | (() => readonly string[] | Promise<readonly string[]>);

/** Callers sign by `signedRequest`. */
export interface SignedAuth {
  /**
   * Each of at least 32 characters; a request signed with any of them is taken. To change one, add the new one, move the callers, and
   * remove the old one.
   */
  readonly secrets: Secrets;
  /** How old a signature may be, in seconds: 1 to 3,600. @default 300 */
  readonly toleranceSeconds?: number;
}

/**
 * Who may call: who signs with a secret; who has passed IAM, of a function URL or an API with `AWS_IAM`; or everybody who reaches the door,
 * which is said in the log once.
 */
export type DoorAuth = SignedAuth | "iam" | "none";

/** @throws StepwellError `STEPWELL_INVALID_OPTION` with the option's path */
export function checkAuth(auth: unknown): DoorAuth {
  if (auth === "iam" || auth === "none") return auth;
  if (!isRecord(auth)) throw badInput(CODE, WHERE, `must be { secrets }, "iam" or "none", got ${quote(auth)}.`);
  refuseUnknownKeys(auth, ["secrets", "toleranceSeconds"], CODE, WHERE);
  const { secrets, toleranceSeconds: seconds = TOLERANCE_SECONDS } = auth;
  if (typeof secrets !== "function") checkSecrets(secrets, `${WHERE}.secrets`);
  if (typeof seconds !== "number" || !(seconds >= 1 && seconds <= TOLERANCE_SECONDS_MAX)) {
    const text = `must be 1 to ${TOLERANCE_SECONDS_MAX} seconds, got ${quote(seconds)}.`;
    throw badInput(CODE, `${WHERE}.toleranceSeconds`, text);
  }
  return auth as unknown as SignedAuth;
}

/** Says what is wrong with a secret, and never what it is. */
export function checkSecrets(secrets: unknown, where: string, charsMin = SECRET_CHARS_MIN): readonly string[] {
  const isLong = (secret: unknown) => typeof secret === "string" && secret.length >= charsMin;
  if (Array.isArray(secrets) && secrets.length > 0 && secrets.every(isLong)) return secrets as string[];
  throw badInput(CODE, where, `must be an array of one or more secrets of at least ${charsMin} characters each.`);
}

/** @throws Error for secrets that cannot be used: no caller can do anything about that */
export async function secretsOf(secrets: Secrets, where: string, charsMin?: number): Promise<readonly string[]> {
  if (typeof secrets !== "function") return secrets;
  const loaded = await secrets();
  try {
    return checkSecrets(loaded, where, charsMin);
  } catch (cause) {
    throw new Error(`The secrets that were loaded cannot be used. ${(cause as Error).message}`, { cause });
  }
}

/** Refuses who cannot be let in whatever the body is, so that it need not be read. @throws Refusal 401 */
export function expectCredentials(auth: DoorAuth, request: Request): void {
  if (auth === "none") return;
  if (auth === "iam") {
    if (callerOf(request) === undefined) throw unauthorized("It came without an identity of IAM.");
  } else if (request.headers.get(SIGNATURE_HEADER) === null)
    throw unauthorized(`The header ${SIGNATURE_HEADER} is missing.`);
}

/** The stamp of a signed request; undefined where requests are not signed. @throws Refusal 401 */
export async function authenticate(
  auth: DoorAuth,
  request: Request,
  { route, body, now }: { readonly route: string; readonly body: Buffer; readonly now: number },
): Promise<Stamp | undefined> {
  if (auth === "iam" || auth === "none") return undefined;
  const secrets = await secretsOf(auth.secrets, `${WHERE}.secrets`);
  const stamp = verify(secrets, { route, body }, request.headers.get(SIGNATURE_HEADER) ?? "");
  if (stamp === undefined) throw unauthorized("The signature is wrong.");
  if (isRecent(stamp.seconds, now, auth.toleranceSeconds ?? TOLERANCE_SECONDS)) return stamp;
  throw unauthorized("The signature is too old, or ahead of the time.");
}

export const unauthorized = (why: string) =>
  new Refusal(401, "STEPWELL_UNAUTHORIZED", `This request is not let in. ${why}`, {
    "www-authenticate": "Stepwell-Signature",
  });
