export { type AddedBy, type AnyMiddleware, type Middlewares, type Over, StepwellMiddleware } from "./middleware.ts";
export { checkMiddleware, MIDDLEWARE, stackOf } from "./option.ts";
export type { MiddlewareStack } from "./stack.ts";
export type * from "./types.ts";
