import { lazily, openProcess } from "../process.ts";
import { routerHandler } from "./index.ts";

const door = lazily(() => routerHandler(openProcess()));

/** The router's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
