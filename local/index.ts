export type { LocalCloud } from "./cloud.ts";
export type { Usage } from "./meter.ts";
export type { LocalOptions } from "./options.ts";
export { startLocal } from "./start-local.ts";
