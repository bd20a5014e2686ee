export {
  type OutboxClient,
  type OutboxContext,
  type OutboxMiddleware,
  type OutboxOptions,
  type OutboxRequest,
  outbox,
} from "../middleware/outbox.ts";
export { type AppHandler, type ServeOptions, serve } from "./serve.ts";
