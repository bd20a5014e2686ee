import { randomUUID } from "node:crypto";
import { lazily, openProcess } from "../process.ts";
import { routerHandler } from "./index.ts";

const door = lazily(() => routerHandler({ ...openProcess(), nonce: randomUUID }));

/** The router's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
