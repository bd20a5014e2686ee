import type { RegisteredApp } from "../../sdk/protocol/index.ts";
import { appKey, registryPartition } from "./keys.ts";
import type { Table } from "./table.ts";

/** How long a router may go on with the functions it knows, in milliseconds. */
const REGISTRY_MAX_AGE_MS = 10_000;

/** The apps of an environment, as their last deploy registered them. */
export const createRegistryStore = (table: Table, now: () => number) => {
  const cached = new Map<string, { readonly apps: Promise<readonly RegisteredApp[]>; readonly at: number }>();
  const load = async (env: string) => {
    const apps: RegisteredApp[] = [];
    for await (const item of table.query(registryPartition(env))) apps.push(JSON.parse(item.app as string));
    return apps;
  };
  return {
    /** Messages that are handled at the same time share one read. */
    async apps(env: string): Promise<readonly RegisteredApp[]> {
      const hit = cached.get(env);
      if (hit !== undefined && now() - hit.at < REGISTRY_MAX_AGE_MS) return hit.apps;
      const apps = load(env);
      cached.set(env, { apps, at: now() });
      apps.catch(() => cached.delete(env));
      return apps;
    },

    /** As registered right now: before something is said not to be there. */
    async appsNow(env: string): Promise<readonly RegisteredApp[]> {
      cached.delete(env);
      return this.apps(env);
    },

    async app(env: string, app: string): Promise<RegisteredApp | undefined> {
      const named = (apps: readonly RegisteredApp[]) => apps.find(({ manifest }) => manifest.app === app);
      return named(await this.apps(env)) ?? named(await this.appsNow(env));
    },

    async stored(env: string, app: string): Promise<StoredApp | undefined> {
      const item = await table.get(appKey(env, app));
      if (item === undefined) return undefined;
      const { revision = 0, deploys = [] } = item as Partial<StoredApp>;
      return { app: JSON.parse(item.app as string), revision, deploys };
    },

    /** Puts an app in the place of what was read. False: another registration was faster, look again. */
    async replace({ app, deploys }: Omit<StoredApp, "revision">, before: StoredApp | undefined): Promise<boolean> {
      const { revision = 0 } = before ?? {};
      const item = { ...appKey(app.env, app.manifest.app), v: 1, app: JSON.stringify(app), deploys };
      const applied = await table.put(
        { ...item, revision: revision + 1 },
        revision === 0 ? "attribute_not_exists(#revision)" : "#revision = :revision",
        revision === 0 ? {} : { revision },
      );
      cached.delete(app.env);
      return applied;
    },

    async remove(env: string, app: string): Promise<void> {
      await table.delete(appKey(env, app));
      cached.delete(env);
    },
  };
};

export type RegistryStore = ReturnType<typeof createRegistryStore>;

/** An app with what only the registrar reads. */
export interface StoredApp {
  readonly app: RegisteredApp;
  /** Grows with every write. */
  readonly revision: number;
  /** Ids of the last deploys that were registered, the one in force at the end. */
  readonly deploys: readonly string[];
}
