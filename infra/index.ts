export { App } from "./app.ts";
export type { AppBundling, AppProps } from "./app-props.ts";
export { Engine } from "./engine.ts";
export type { EngineArns } from "./engine-arns.ts";
export type { GrantSendOptions, IEngine, Waits } from "./engine-base.ts";
export type { EngineProps, RouterProps } from "./engine-props.ts";
export type { EngineAttributes } from "./engine-reference.ts";
