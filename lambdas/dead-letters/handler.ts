import { createWorld } from "../aws/index.ts";
import { lazily, openProcess } from "../process.ts";
import { deadLettersHandler } from "./index.ts";

const door = lazily(() => deadLettersHandler(openProcess(createWorld)));

/** The Lambda that consumes the dead-letter queues. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
