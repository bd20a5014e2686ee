export { type AnyClient, Stepwell } from "./client.ts";
export { checkEvents } from "./events.ts";
export { createUlids } from "./ids.ts";
export { type ClientOptions, ENVIRONMENT_DEFAULT } from "./options.ts";
export { bindSender, runInScope, type Scope } from "./scope.ts";
export type { PreparedEvent, Sender } from "./sender.ts";
