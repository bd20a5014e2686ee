import { jsonText } from "../sdk/client/json.ts";
import { badInput, quote } from "../sdk/errors/index.ts";
import { freshNonce, SIGNATURE_HEADER, sign } from "./signature.ts";

const CODE = "STEPWELL_INVALID_OPTION";

/** What `signedRequest` makes a request of. */
export interface SignedRequestOptions {
  /** Where the door is: `https://example.com/stepwell`. */
  readonly url: string;
  /** What is asked of it: `events`, or `invoke/<functionId>`. */
  readonly route: string;
  /** One of the door's secrets. */
  readonly secret: string;
  /** Events, or what to invoke with; sent as JSON. */
  readonly body: unknown;
  /** The time of the signature, in milliseconds since the epoch. @default - now */
  readonly now?: number;
}

/**
 * A request to a signed door, ready for `fetch`. May be sent again as it is for five minutes, the door's replay window: events without an id
 * get theirs from the signature, and so does the run of an invoke, so that a repeat does nothing twice. `fetch` consumes a request: send
 * `request.clone()`.
 *
 * @throws StepwellError `STEPWELL_INVALID_OPTION`, with the path of the option
 * @example
 * ```ts
 * const body = { name: "shop/order.placed", data: { orderId: "o1" } };
 * await fetch(signedRequest({ url: "https://shop.example/stepwell", route: "events", secret, body }));
 * ```
 */
export function signedRequest({ url, route, secret, body, now = Date.now() }: SignedRequestOptions): Request {
  if (!URL.canParse(url))
    throw badInput(CODE, "signedRequest: url", `must be the address of a door, got ${quote(url)}.`);
  for (const [name, given] of Object.entries({ route, secret }))
    if (typeof given !== "string" || given === "")
      throw badInput(CODE, `signedRequest: ${name}`, `must be a text, got ${quote(given)}.`);
  if (body === undefined) throw badInput(CODE, "signedRequest: body", "is required: events, or what to invoke with.");
  const text = jsonText(body, "body", CODE, "signedRequest");
  const stamp = { seconds: Math.floor(now / 1_000), nonce: freshNonce() };
  return new Request(`${url.replace(/\/+$/, "")}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: sign(secret, { route, body: text }, stamp) },
    body: text,
  });
}
