export type * from "./client.ts";
export type * from "./events.ts";
export type * from "./functions.ts";
export type * from "./helpers.ts";
export type * from "./steps.ts";
export type * from "./triggers.ts";
