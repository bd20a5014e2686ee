import { lazily, openProcess } from "../process.ts";
import { sweeperHandler } from "./index.ts";

const door = lazily(() => sweeperHandler(openProcess()));

/** The sweeper's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
