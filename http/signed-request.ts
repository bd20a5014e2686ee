import { freshNonce, SIGNATURE_HEADER, sign } from "./signature.ts";

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
 * @throws TypeError for a URL that is none
 * @example
 * ```ts
 * const body = { name: "shop/order.placed", data: { orderId: "o1" } };
 * await fetch(signedRequest({ url: "https://shop.example/stepwell", route: "events", secret, body }));
 * ```
 */
export function signedRequest({ url, route, secret, body, now = Date.now() }: SignedRequestOptions): Request {
  const text = JSON.stringify(body);
  const stamp = { seconds: Math.floor(now / 1_000), nonce: freshNonce() };
  return new Request(`${url.replace(/\/+$/, "")}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: sign(secret, { route, body: text }, stamp) },
    body: text,
  });
}
