/** What the tests use of Express, which brings no types of its own. */
declare module "express" {
  import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

  type Listener = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => unknown;
  interface Express extends RequestListener {
    use(path: string, listener: Listener): Express;
    use(listener: Listener): Express;
  }
  interface Factory {
    (): Express;
    json(): Listener;
    raw(options: { readonly type: string }): Listener;
  }
  const express: Factory;
  export default express;
}
