import { type RegisteredApp, StepwellError } from "../../sdk/protocol/index.ts";
import type { StoredApp } from "../aws/registry-store.ts";
import { cronSchedules, dropCrons, ownerOf, putCrons } from "./crons.ts";
import type { RegistrarDeps } from "./deps.ts";
import { hashOf } from "./hash.ts";
import { checkManifest, checkSize } from "./manifest.ts";
import { askToRepace } from "./repace.ts";
import type { Registration } from "./request.ts";

/** Deploys that an app remembers, to know one that is delivered late again. */
const DEPLOYS_REMEMBERED = 10;

/**
 * Puts a version in force: asks it for its manifest, sets its schedules, writes the registry, and drops the schedules of before. A
 * failure on the way leaves the manifest of before in force; a repeat at any point comes to the same end.
 *
 * @throws StepwellError `STEPWELL_REGISTRATION_FAILED`
 */
export async function register(deps: RegistrarDeps, registration: Registration, deploy?: string): Promise<void> {
  await putInForce(deps, await askForApp(deps, registration), deploy);
}

/** What a version would be in the registry. @throws StepwellError `STEPWELL_REGISTRATION_FAILED` when it cannot be */
export async function askForApp(deps: RegistrarDeps, registration: Registration): Promise<RegisteredApp> {
  const manifest = checkManifest(await deps.askManifest(registration.functionName), registration);
  const { env, queueUrl, queueArn, codeVersion } = registration;
  const app: RegisteredApp = { v: 1, env, manifest, hash: hashOf(manifest), queueUrl, queueArn, codeVersion };
  checkSize(app);
  return app;
}

async function putInForce(deps: RegistrarDeps, app: RegisteredApp, deploy: string | undefined): Promise<void> {
  const { world, log } = deps;
  const { app: name } = app.manifest;
  const before = await world.registry.stored(app.env, name);
  if (isLate(before, deploy)) {
    log.warn("a deploy that others have followed was delivered again, and is ignored", { app: name, env: app.env });
    return;
  }
  const wanted = cronSchedules(app);
  const applied = await orElseAsBefore(deps, app, async () => {
    await putCrons(world.crons, ownerOf(app), wanted);
    await askToRepace(world, app, before);
    return world.registry.replace({ app: withQueues(app, before?.app), deploys: remember(before, deploy) }, before);
  });
  if (!applied) return putInForce(deps, app, deploy);
  await tidyCrons(deps, () => settleCrons(deps, app, before?.app));
  const counts = { functions: app.manifest.functions.length, schedules: wanted.length };
  log.info("app registered", { app: name, env: app.env, codeVersion: app.codeVersion, ...counts });
}

/** Runs may still be in line for a limit that this version has no more. */
function withQueues(app: RegisteredApp, before: RegisteredApp | undefined): RegisteredApp {
  const isLimited = app.manifest.functions.some(({ flow }) => flow?.concurrency !== undefined);
  return isLimited || before?.queues === true ? { ...app, queues: true } : app;
}

/** Versions go back at a rollback, so that their numbers tell nothing: what came after this deploy does. */
const isLate = (before: StoredApp | undefined, deploy: string | undefined): boolean =>
  before !== undefined && deploy !== undefined && before.deploys.slice(0, -1).includes(deploy);

function remember(before: StoredApp | undefined, deploy: string | undefined): readonly string[] {
  const others = (before?.deploys ?? []).filter((id) => id !== deploy);
  return [...others, ...(deploy === undefined ? [] : [deploy])].slice(-DEPLOYS_REMEMBERED);
}

/** A failure must not leave schedules behind that no function in force has. */
async function orElseAsBefore<T>(deps: RegistrarDeps, app: RegisteredApp, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await tidyCrons(deps, async () => {
      // Read again: the registry may have been written although the answer was an error.
      const inForce = await deps.world.registry.stored(app.env, app.manifest.app);
      await dropCrons(deps.world.crons, ownerOf(app), inForce === undefined ? [] : cronSchedules(inForce.app));
    });
    throw new StepwellError(
      "STEPWELL_REGISTRATION_FAILED",
      `The app "${app.manifest.app}" could not be registered: ${String(error)}. ` +
        "What was registered before stays in force. Deploy again.",
      { cause: error },
    );
  }
}

/**
 * Leaves the schedules of what is in force, and no others. Another registration may have dropped ours before they were in force, as we
 * may drop its: who finds that he has been overtaken sets right what he has done.
 */
async function settleCrons({ world }: RegistrarDeps, app: RegisteredApp, before?: RegisteredApp): Promise<void> {
  const owner = ownerOf(app);
  for (let [inForce, gone] = [app, before]; ; ) {
    const wanted = cronSchedules(inForce);
    await putCrons(world.crons, owner, wanted);
    await dropCrons(world.crons, owner, wanted, gone);
    const now = (await world.registry.stored(owner.env, owner.app))?.app;
    if (now === undefined) return dropCrons(world.crons, owner, [], inForce);
    if (now.hash === inForce.hash) return;
    [inForce, gone] = [now, inForce];
  }
}

/**
 * A schedule that cannot be dropped is no reason to fail: the router ignores crons that no function in force has, and the next deploy
 * drops it.
 */
async function tidyCrons({ log }: RegistrarDeps, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn("schedules that no function has any more could not be dropped", { error: String(error) });
  }
}
