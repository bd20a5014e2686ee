export { runThrough } from "./function-run.ts";
export {
  type AddedBy,
  type AnyMiddleware,
  checkMiddleware,
  type Middlewares,
  type Over,
  StepwellMiddleware,
} from "./middleware.ts";
export { sendThrough } from "./send.ts";
export { MiddlewareStack } from "./stack.ts";
export type * from "./types.ts";
