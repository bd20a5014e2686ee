/** Flattens intersections and aliases, so that an editor shows the fields and not how they were computed. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/**
 * What is left of a value once it has been JSON: the type of everything that comes out of a step, an event or an invoked function.
 *
 * `Date` becomes `string`, a top-level `undefined` becomes `null`, functions and symbols are dropped, `Map` and `Set` become `{}`, and
 * `toJSON` is obeyed. `any` and `unknown` stay what they are; `bigint` becomes `never`, since it cannot be JSON.
 *
 * @example
 * ```ts
 * type T = Jsonify<{ at: Date; tags?: string[]; save(): void }>; // { at: string; tags?: string[] }
 * ```
 */
export type Jsonify<T> = unknown extends T ? T : [T] extends [Json] ? T : Converted<T>;

/** Distributes over unions. */
type Converted<T> = T extends void ? null : T extends Dropped ? null : JsonValue<T>;

/** What is JSON already stays as it is: so do types of JSON that name themselves, whose conversion would never end. */
type Json = Primitive | readonly Json[] | { readonly [key: string]: Json; readonly [key: symbol]: never };

/** What JSON leaves out of an object and turns into `null` in an array. */
type Dropped = symbol | ((...input: never[]) => unknown);
type Primitive = string | number | boolean | null;
/** Objects that keep nothing of what they hold. */
type Opaque =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | Promise<unknown>
  | RegExp
  | ArrayBuffer;
type Empty = Record<never, never>;
type Bytes = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** One value that JSON keeps. Distributes over unions; primitives stay as they are, branded ones too. */
type JsonValue<T> = T extends Primitive
  ? T
  : T extends { toJSON(): infer J }
    ? Jsonify<J>
    : T extends bigint
      ? never
      : T extends readonly unknown[]
        ? JsonList<T>
        : T extends Opaque
          ? Simplify<Empty>
          : T extends Bytes
            ? Record<string, number>
            : T extends Error
              ? JsonObject<Omit<T, "name" | "message" | "stack" | "cause">>
              : T extends object
                ? JsonObject<T>
                : never;

/** Tuples element by element; of all other arrays, those that extend `Array` too, only what they hold. */
type JsonList<T extends readonly unknown[]> = number extends T["length"]
  ? T extends readonly [unknown, ...unknown[]] | readonly [...unknown[], unknown]
    ? { [K in keyof T]: Jsonify<T[K]> }
    : T extends unknown[]
      ? Jsonify<T[number]>[]
      : readonly Jsonify<T[number]>[]
  : { [K in keyof T]: Jsonify<T[K]> };

/** Fields that may be `undefined` may be missing afterwards; so the second half, which is only there when it is needed. */
type JsonObject<T> = [MaybeMissing<T>] extends [never]
  ? JsonFields<T>
  : Simplify<JsonFields<Omit<T, MaybeMissing<T>>> & Partial<JsonFields<Pick<T, MaybeMissing<T>>>>>;

type JsonFields<T> = { [K in keyof T as KeptKey<T, K>]: Field<T[K]> } & {};

type Field<V> = unknown extends V ? V : Jsonify<Exclude<V, undefined | Dropped>>;

/** `never` for symbols, and for fields that can be nothing but functions or `undefined`. */
type KeptKey<T, K extends keyof T> = K extends symbol
  ? never
  : unknown extends T[K]
    ? K
    : [T[K]] extends [never]
      ? K
      : [Exclude<T[K], undefined | Dropped>] extends [never]
        ? never
        : K;

/** Required keys whose value may be `undefined` or a function. Index signatures are left alone. */
type MaybeMissing<T> = {
  [K in keyof T]-?: string extends K
    ? never
    : number extends K
      ? never
      : Empty extends Pick<T, K>
        ? never
        : unknown extends T[K]
          ? never
          : [Extract<T[K], undefined | Dropped>] extends [never]
            ? never
            : K;
}[keyof T];
