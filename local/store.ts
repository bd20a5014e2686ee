import { ClassicLevel } from "classic-level";
import { StepwellError } from "../sdk/protocol/index.ts";

/** A service's own part of what survives a restart: JSON values under keys. */
export interface Store {
  /** Remembers `value` as it is when the write is made, shortly after; later changes need another `put`. */
  put(key: string, value: unknown): void;
  delete(key: string): void;
  /** Everything under keys that begin with `prefix`, by key. */
  entries<T>(prefix?: string): Promise<readonly (readonly [key: string, value: T])[]>;
}

export interface Storage {
  /** The store of one service. */
  part(name: string): Store;
  /** Resolves when everything put so far is written; undefined when there is nothing to wait for. */
  flush(): Promise<void> | undefined;
  close(): Promise<void>;
}

const nothing: Store = { put: () => {}, delete: () => {}, entries: async () => [] };

/** For a cloud that forgets: the services keep what they need in their own maps. */
export const memoryStorage = (): Storage => ({ part: () => nothing, flush: () => undefined, close: async () => {} });

/** On disk, in LevelDB. Writes are grouped: all that one turn puts is one atomic batch. It survives a killed process. */
export async function diskStorage(path: string): Promise<Storage> {
  const db = new ClassicLevel<string, unknown>(path, { valueEncoding: "json" });
  await db.open().catch((cause: unknown) => {
    const text = `Cannot open ${path}. Is another local cloud using it?`;
    throw new StepwellError("STEPWELL_INVALID_OPTION", text, { cause });
  });
  const pending = new Map<string, { readonly value: unknown } | undefined>();
  let writing: Promise<void> | undefined;
  // A write that failed leaves the disk behind the memory for good: from then on nothing is acknowledged.
  let broken: { readonly error: unknown } | undefined;

  const writePending = async () => {
    while (pending.size > 0) {
      const batch = [...pending].map(([key, change]) =>
        change === undefined ? { type: "del" as const, key } : { type: "put" as const, key, value: change.value },
      );
      pending.clear();
      await db.batch(batch);
    }
  };

  const flush = (): Promise<void> | undefined => {
    if (broken !== undefined) return Promise.reject(broken.error);
    if (writing === undefined && pending.size > 0) {
      writing = writePending().finally(() => {
        writing = undefined;
      });
      writing.catch((error: unknown) => {
        broken = { error };
      });
    }
    return writing;
  };

  const change = (key: string, value: { readonly value: unknown } | undefined) => {
    // What a timer puts is followed by no request that would flush it. A failure is kept for the next one that waits (`broken`).
    if (pending.size === 0) setImmediate(() => flush()?.catch(() => undefined));
    pending.set(key, value);
  };

  const part = (name: string): Store => ({
    put: (key, value) => change(`${name}/${key}`, { value }),
    delete: (key) => change(`${name}/${key}`, undefined),
    entries: async <T>(prefix = "") => {
      const start = `${name}/${prefix}`;
      const rows: (readonly [string, T])[] = [];
      for await (const [key, value] of db.iterator({ gte: start, lt: `${start}\uffff` })) {
        rows.push([key.slice(name.length + 1), value as T]);
      }
      return rows;
    },
  });

  const close = async () => {
    await flush();
    await db.close();
  };
  return { part, flush, close };
}
