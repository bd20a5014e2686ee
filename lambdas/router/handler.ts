import { randomUUID } from "node:crypto";
import { createWorld } from "../aws/index.ts";
import { lazily, openProcess } from "../process.ts";
import { routerHandler } from "./index.ts";

const door = lazily(() => routerHandler({ ...openProcess(createWorld), nonce: randomUUID }));

/** The router's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
