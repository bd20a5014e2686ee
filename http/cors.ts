import { Refusal } from "./refusal.ts";
import { SIGNATURE_HEADER } from "./signature.ts";

/**
 * What a browser has to be told to let a page of an origin that is allowed read the answer. @throws Refusal 403 for a page of any other
 * origin but the door's own
 */
export function corsHeaders(request: Request, origins: readonly string[]): Readonly<Record<string, string>> {
  const origin = request.headers.get("origin");
  if (origin === null) return {};
  if (origins.includes(origin)) return { "access-control-allow-origin": origin, vary: "Origin" };
  // The scheme is another one behind a proxy.
  if (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host) return {};
  const text = `Pages of the origin ${JSON.stringify(origin.slice(0, 200))} may not call this door. The option is "origins".`;
  throw new Refusal(403, "STEPWELL_FORBIDDEN", text);
}

/** The answer to a browser that asks before it calls. */
export const preflight = (headers: Readonly<Record<string, string>>): Response =>
  new Response(null, {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": `content-type, ${SIGNATURE_HEADER}`,
      "access-control-max-age": "600",
    },
  });
