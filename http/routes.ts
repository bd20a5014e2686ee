import { Refusal } from "./refusal.ts";

/** What is asked of a door. `text` is the route as it is signed. */
export type Route = { readonly text: string } & (
  | { readonly kind: "events" }
  | { readonly kind: "webhook"; readonly name: string }
  | { readonly kind: "invoke"; readonly functionId: string }
);

const KNOWN = "events, invoke/<functionId> and webhooks/<name>";

/** @throws Refusal 404 for another path, 405 for another method than POST */
export function routeOf(request: Request, path: string): Route {
  const { pathname } = new URL(request.url);
  const route = pathname.startsWith(`${path}/`) ? parse(pathname.slice(path.length + 1)) : undefined;
  if (route === undefined) {
    const text = `There is nothing at ${pathname.slice(0, 200)}. This door is at "${path}/" (its option "path"), with ${KNOWN}.`;
    throw new Refusal(404, "STEPWELL_INVALID_REQUEST", text);
  }
  if (request.method === "POST" || request.method === "OPTIONS") return route;
  const text = `${request.method} is not known here: everything is POST.`;
  throw new Refusal(405, "STEPWELL_INVALID_REQUEST", text, { allow: "POST" });
}

function parse(text: string): Route | undefined {
  if (text === "events") return { text, kind: "events" };
  const [, kind, name = ""] = /^(webhooks|invoke)\/([\w-]{1,64})$/.exec(text) ?? [];
  if (kind === undefined) return undefined;
  return kind === "invoke" ? { text, kind, functionId: name } : { text, kind: "webhook", name };
}
