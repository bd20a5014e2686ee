import { createRequire } from "node:module";
import type { Item } from "../capacity.ts";

/** The parts of dynalite that are called directly, without its HTTP server: its store, its validations, its actions. */

type Callback<T> = (error: DynaliteError | null | undefined, value?: T) => void;

/** With `statusCode` and `body` it is an answer for the client; without, an accident. */
export interface DynaliteError extends Error {
  readonly statusCode?: number;
  readonly body?: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

export interface ItemDb {
  readonly lock: unknown;
  get(key: string, callback: Callback<Item>): void;
  put(key: string, item: Item, callback: Callback<void>): void;
  del(key: string, callback: Callback<void>): void;
  createValueStream(options: object): NodeJS.ReadableStream;
}

export interface TableIndex {
  readonly IndexName: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
}

export interface Table {
  readonly TableStatus: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  readonly GlobalSecondaryIndexes?: readonly TableIndex[];
  readonly LocalSecondaryIndexes?: readonly TableIndex[];
}

interface LevelIterator {
  close(): Promise<void>;
}

export interface DynaliteStore {
  /** LevelDB, in memory or on disk. */
  readonly db: Record<"keys" | "values", (options: object) => LevelIterator>;
  getItemDb(table: string): ItemDb;
  getIndexDb(kind: string, table: string, index: string): ItemDb;
  getTable(name: string, checkStatus: boolean | Callback<Table>, callback?: Callback<Table>): void;
  readonly lifecycleManager: { gracefulClose(): Promise<void> };
}

type Action = (store: DynaliteStore, data: object, callback: Callback<Record<string, unknown>>) => void;
interface Validation {
  readonly types: object;
  readonly custom: unknown;
}

const require = createRequire(import.meta.url);

/** Opens dynalite's store, in memory or at `path`. */
export function openStore(path: string | undefined): DynaliteStore {
  const db = require("dynalite/db") as { create(options: object): DynaliteStore };
  const store = db.create({
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    ...(path !== undefined && { path }),
  });
  letIteratorsEnd(store.db);
  return store;
}

/**
 * dynalite ends its iterators by `return()`, which those of LevelDB have no more: each Query and Scan would leave one behind until the store
 * is closed. A store of its own is patched here, and nothing that others share.
 */
function letIteratorsEnd(db: DynaliteStore["db"]): void {
  for (const name of ["keys", "values"] as const) {
    const open = db[name].bind(db);
    db[name] = (options) => {
      const iterator = open(options);
      return Object.assign(iterator, { return: () => iterator.close() });
    };
  }
}

/** Runs one operation on `store`, validated as DynamoDB does. Rejects with a DynaliteError. */
export function runAction(
  store: DynaliteStore,
  operation: string,
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const { action, validation } = load(operation);
  return new Promise((resolve, reject) => {
    const data = validations().checkTypes(input, validation.types);
    validations().checkValidations(data, validation.types, validation.custom, store);
    action(store, data, (error, value) => (error ? reject(error) : resolve(value ?? {})));
  });
}

/** Whether a condition holds, and for which item. */
export interface Held {
  readonly holds: boolean;
  readonly existing: Item | undefined;
}

/** Judges the condition of an operation that has a key. Rejects with a DynaliteError. */
export function conditionHolds(store: DynaliteStore, input: object): Promise<Held> {
  const { validation } = load("DeleteItem");
  return new Promise((resolve, reject) => {
    const data = validations().checkTypes(input, validation.types) as Conditional;
    validations().checkValidations(data, validation.types, validation.custom, store);
    store.getTable(data.TableName, true, (error, table) => {
      if (error || table === undefined) return reject(error);
      const problem = rules().validateKey(data.Key, table);
      if (problem != null) return reject(problem);
      store.getItemDb(data.TableName).get(rules().createKey(data.Key, table), (missing, existing) => {
        if (missing && missing.name !== "NotFoundError") return reject(missing);
        resolve({ holds: rules().checkConditional(data, existing) == null, existing });
      });
    });
  });
}

interface Conditional {
  readonly TableName: string;
  readonly Key: object;
}

const rules = () =>
  require("dynalite/db") as {
    validateKey(key: object, table: Table): DynaliteError | null | undefined;
    createKey(key: object, table: Table): string;
    checkConditional(data: object, existing: Item | undefined): DynaliteError | null | undefined;
  };

const loaded = new Map<string, { readonly action: Action; readonly validation: Validation }>();

function load(operation: string) {
  const known = loaded.get(operation);
  if (known !== undefined) return known;
  const file = operation.charAt(0).toLowerCase() + operation.slice(1);
  const action = require(`dynalite/actions/${file}`) as Action;
  const parts = { action, validation: require(`dynalite/validations/${file}`) as Validation };
  loaded.set(operation, parts);
  return parts;
}

const validations = () =>
  require("dynalite/validations") as {
    checkTypes(data: object, types: object): object;
    checkValidations(data: object, types: object, custom: unknown, store: DynaliteStore): void;
  };
