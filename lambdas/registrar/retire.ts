import { dropCrons } from "./crons.ts";
import type { RegistrarDeps } from "./deps.ts";
import type { Registration } from "./request.ts";

/**
 * Takes an app out of the registry: nothing starts its functions any more, by event, cron or invoke. Its runs are kept; those that
 * have not ended go on once the app is deployed again, for the sweeper keeps looking after them.
 */
export async function retire({ world, log }: RegistrarDeps, { env, app }: Registration): Promise<void> {
  const before = await world.registry.stored(env, app);
  await world.registry.remove(env, app);
  await dropCrons(world.crons, { env, app }, [], before?.app);
  log.info("app retired", { app, env });
}
