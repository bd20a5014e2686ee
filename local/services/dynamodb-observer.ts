import { invalid } from "../aws-error.ts";
import { type IndexShape, type Item, itemSize } from "../capacity.ts";
import type { DynaliteStore, ItemDb, Table } from "./dynalite.ts";

/** Of the keys of the table and of its indexes, in bytes. */
const PARTITION_KEY_BYTES_MAX = 2_048;
const SORT_KEY_BYTES_MAX = 1_024;

/** What one operation did to one item. */
export interface Touched {
  readonly table: string;
  before: Item | undefined;
  after: Item | undefined;
  written: boolean;
}

/**
 * A view of dynalite's store for one operation that notes what is read and written through it: exactly the items that DynamoDB would
 * bill, seen under dynalite's own lock, without any call of its own.
 */
export class Observer {
  readonly store: DynaliteStore;
  readonly touched = new Map<string, Touched>();
  /** Sizes of the items that a Query or Scan came across, in order; it may have read on past its end. */
  readonly streamed: number[] = [];
  readonly #tables: TableCache;

  constructor(store: DynaliteStore, tables: TableCache) {
    this.#tables = tables;
    this.store = Object.assign(Object.create(store) as DynaliteStore, {
      getItemDb: (table: string) => this.#observed(table, store.getItemDb(table)),
      getIndexDb: (kind: string, table: string, index: string) => this.#tapped(store.getIndexDb(kind, table, index)),
      getTable: tables.getTable,
    });
  }

  #observed(table: string, db: ItemDb): ItemDb {
    const note = (key: string) => {
      const id = `${table}/${key}`;
      const known = this.touched.get(id) ?? { table, before: undefined, after: undefined, written: false };
      this.touched.set(id, known);
      return known;
    };
    return {
      ...this.#tapped(db),
      get: (key, callback) =>
        db.get(key, (error, item) => {
          note(key).before = item;
          callback(error, item);
        }),
      put: (key, item, callback) => {
        const problem = keyProblem(item, this.#tables.keys(table));
        if (problem !== undefined) return callback(invalid(problem));
        Object.assign(note(key), { after: item, written: true });
        db.put(key, item, callback);
      },
      del: (key, callback) => {
        note(key).written = true;
        db.del(key, callback);
      },
    };
  }

  #tapped(db: ItemDb): ItemDb {
    const createValueStream = (options: object) => {
      const stream = db.createValueStream(options);
      stream.on("data", (item) => this.streamed.push(itemSize(item as unknown as Item)));
      return stream;
    };
    return { ...db, createValueStream };
  }
}

/** Table definitions, which every operation needs and hardly any changes. */
export class TableCache {
  readonly #store: DynaliteStore;
  readonly #tables = new Map<string, Table>();

  constructor(store: DynaliteStore) {
    this.#store = store;
  }

  readonly getTable: DynaliteStore["getTable"] = (name, checkStatus, callback) => {
    const done = typeof checkStatus === "function" ? checkStatus : callback;
    const known = this.#tables.get(name);
    if (known !== undefined) return done?.(null, known);
    this.#store.getTable(name, typeof checkStatus === "function" ? false : checkStatus, (error, table) => {
      if (table?.TableStatus === "ACTIVE") this.#tables.set(name, table);
      done?.(error, table);
    });
  };

  clear(): void {
    this.#tables.clear();
  }

  /** The names of the keys of a table and of its indexes: partition key, then sort key. */
  keys(name: string): readonly (readonly string[])[] {
    const table = this.#tables.get(name);
    if (table === undefined) return [];
    return [table, ...indexesOf(table)].map(({ KeySchema }) => KeySchema.map((key) => key.AttributeName));
  }

  indexes(name: string): readonly IndexShape[] {
    const table = this.#tables.get(name);
    if (table === undefined) return [];
    return indexesOf(table).map((index) => {
      const keys = index.KeySchema.map((key) => key.AttributeName);
      const tableKeys = table.KeySchema.map((key) => key.AttributeName);
      const all = index.Projection.ProjectionType === "ALL";
      const attributes = [...new Set([...keys, ...tableKeys, ...(index.Projection.NonKeyAttributes ?? [])])];
      return { name: index.IndexName, keys, attributes: all ? undefined : attributes };
    });
  }
}

const indexesOf = ({ GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] }: Table) => [
  ...GlobalSecondaryIndexes,
  ...LocalSecondaryIndexes,
];

/** What DynamoDB refuses of keys, and dynalite lets pass. */
function keyProblem(item: Item, keys: readonly (readonly string[])[]): string | undefined {
  for (const [partitionKey = "", sortKey = ""] of keys) {
    for (const [name, bytesMax] of [
      [partitionKey, PARTITION_KEY_BYTES_MAX],
      [sortKey, SORT_KEY_BYTES_MAX],
    ] as const) {
      const value = item[name]?.S;
      if (typeof value !== "string") continue;
      if (value === "") return `One or more parameter values are not valid. The key ${name} is an empty string.`;
      if (Buffer.byteLength(value) > bytesMax)
        return `One or more parameter values were invalid: the key ${name} is longer than ${bytesMax} bytes.`;
    }
  }
  return undefined;
}
