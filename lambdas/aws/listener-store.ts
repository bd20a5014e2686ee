import type { Listener, ListenerPath } from "../engine/types.ts";
import { pathsKey } from "./keys.ts";
import type { Item, Table } from "./table.ts";

const DAY_S = 86_400;

/** The index of waiting steps. It only finds them; the step item decides (L7). */
export const createListenerStore = (table: Table) => {
  const known = new Set<string>();
  return {
    /** Makes the match paths of a wait known for its event name. The set only grows, so what was once written need not be again. */
    async addPath(env: string, event: string, path: ListenerPath): Promise<void> {
      const text = JSON.stringify(path);
      const id = `${env}\n${event}\n${text}`;
      if (known.has(id)) return;
      await table.update(pathsKey(env, event), {
        update: "ADD #paths :paths",
        values: { paths: new Set([text]) },
      });
      known.add(id);
    },

    /** Always read: a path that is missed is a wait that hangs. */
    async paths(env: string, event: string): Promise<readonly ListenerPath[]> {
      const item = await table.get(pathsKey(env, event));
      const paths = (item?.paths ?? new Set()) as Set<string>;
      return [...paths].sort().map((text) => JSON.parse(text) as ListenerPath);
    },

    async put(listener: Listener): Promise<void> {
      const { trigger, ...rest } = listener;
      await table.put({
        ...rest,
        ...(trigger && { trigger: JSON.stringify(trigger) }),
        ttl: Math.ceil(listener.until / 1_000) + DAY_S,
      });
    },

    async get({ pk, sk }: Pick<Listener, "pk" | "sk">): Promise<Listener | undefined> {
      const item = await table.get({ pk, sk });
      return item && toListener(item);
    },

    async *find(partition: string): AsyncGenerator<Listener> {
      for await (const item of table.query(partition)) yield toListener(item);
    },

    async delete({ pk, sk }: Pick<Listener, "pk" | "sk">): Promise<void> {
      await table.delete({ pk, sk });
    },
  };
};

export type ListenerStore = ReturnType<typeof createListenerStore>;

function toListener({ trigger, ttl, ...rest }: Item): Listener {
  return { ...rest, ...(trigger !== undefined && { trigger: JSON.parse(trigger as string) }) } as unknown as Listener;
}
