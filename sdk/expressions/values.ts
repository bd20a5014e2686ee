/** JSON values: the text under which equal ones are equal, and the way to a part of one. */

/** Nesting of a value that can be a match key; deeper ones match nothing. */
const KEY_DEPTH_MAX = 100;

/**
 * A value's canonical text: equal for two JSON values exactly if CEL's `==` holds between them, so that its hash can stand for the
 * value in a key. `1`, `1.0` and `1n` are equal; `"1"` is another; the order of an object's keys does not matter.
 *
 * @returns `undefined` for what no JSON value equals (`undefined`, NaN, a function, nesting beyond 100, a key `__proto__`): it
 *   matches nothing
 * @example
 * ```ts
 * canonicalValue({ b: 1.0, a: [null] }); // '{"a":[null],"b":1}'
 * ```
 */
export function canonicalValue(value: unknown): string | undefined {
  return canonical(value, 0);
}

/**
 * A path of member names as one text: dots between names; within a name `~` becomes `~0` and a dot `~1`.
 *
 * @example
 * ```ts
 * formatPath(["data", "a.b"]); // "data.a~1b"
 * ```
 */
export const formatPath = (path: readonly string[]): string =>
  path.map((key) => key.replaceAll("~", "~0").replaceAll(".", "~1")).join(".");

/**
 * The names of a path that `formatPath` wrote.
 *
 * @example
 * ```ts
 * parsePath("data.a~1b"); // ["data", "a.b"]
 * ```
 */
export const parsePath = (path: string): readonly string[] =>
  path.split(".").map((key) => key.replaceAll("~1", ".").replaceAll("~0", "~"));

/**
 * What lies at a path of names, as CEL would find it: own members of objects only, never into a list or a text.
 *
 * @param path as `formatPath` writes it
 * @returns `undefined` if nothing is there
 * @example
 * ```ts
 * valueAt({ data: { userId: "u1" } }, "data.userId"); // "u1"
 * ```
 */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const key of parsePath(path)) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/**
 * Whether a value is a JSON object: neither null nor a list nor an instance of a class.
 *
 * @example
 * ```ts
 * isRecord(new Date()); // false
 * ```
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function canonical(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "boolean":
    case "string":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) ? JSON.stringify(value) : undefined;
    case "bigint":
      // One that no double equals must not get the text that a double near it has.
      return BigInt(Number(value)) === value ? JSON.stringify(Number(value)) : `int ${value}`;
    case "object":
      return value === null ? "null" : depth >= KEY_DEPTH_MAX ? undefined : canonicalObject(value, depth + 1);
    default:
      return undefined;
  }
}

function canonicalObject(value: object, depth: number): string | undefined {
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const item of value) {
      const text = canonical(item, depth);
      if (text === undefined) return undefined;
      parts.push(text);
    }
    return `[${parts.join()}]`;
  }
  if (!isRecord(value) || Object.hasOwn(value, "__proto__")) return undefined; // CEL refuses that key, see `runProgram`
  for (const key of Object.keys(value).sort()) {
    if (value[key] === undefined) continue; // JSON leaves it out
    const text = canonical(value[key], depth);
    if (text === undefined) return undefined;
    parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join()}}`;
}
