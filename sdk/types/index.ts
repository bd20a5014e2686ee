export type * from "./context.ts";
export type * from "./events.ts";
export type * from "./flow.ts";
export type * from "./functions.ts";
export type * from "./helpers.ts";
export type * from "./jsonify.ts";
export { type EventSchema, EventSchemas } from "./schemas.ts";
export type * from "./steps.ts";
export type * from "./triggers.ts";
