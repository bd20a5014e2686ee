export type { AppStatus } from "./app.ts";
export type { LocalCloud, RunsQuery, SkipsQuery } from "./cloud.ts";
export type { Usage } from "./meter.ts";
export type { LocalEntryOptions, LocalOptions } from "./options.ts";
export { startLocal } from "./start-local.ts";
