import { createWorld } from "../aws/index.ts";
import { lazily, openProcess } from "../process.ts";
import { sweeperHandler } from "./index.ts";

const door = lazily(() => {
  const { binding, ...around } = openProcess(createWorld);
  return sweeperHandler({ ...around, environments: binding.environments ?? [binding.env] });
});

/** The sweeper's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
