export { type AppHandler, type ServeOptions, serve } from "./serve.ts";
