import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isRecord } from "../errors/index.ts";
import type { FieldSchemas } from "./standard.ts";

/** What a schema has found. */
export interface EventIssue {
  /** From the event on: `data.items[0].sku`. */
  readonly path: string;
  /** In the words of the schema's library. */
  readonly message: string;
}

/** A value now, or later when a schema is asynchronous: code is not kept waiting by those that are not. */
export type NowOrLater<T> = T | Promise<T>;

export interface CheckedFields {
  readonly data: unknown;
  readonly user?: unknown;
}

/** What an event's schemas find in it; nothing when it fits. `user` is checked if there is a schema for it, and a user or `strict`. */
export function issuesOf(schemas: FieldSchemas, event: CheckedFields, strict: boolean): NowOrLater<EventIssue[]> {
  const inData = issuesIn(schemas.data, event.data, "data");
  if (schemas.user === undefined || (event.user === undefined && !strict)) return inData;
  const inUser = issuesIn(schemas.user, event.user, "user");
  return afterAll([inData, inUser], (found) => found.flat());
}

/** `then` of values of which some may come later; called at once if none does. */
export function afterAll<T, R>(values: readonly NowOrLater<T>[], then: (values: T[]) => NowOrLater<R>): NowOrLater<R> {
  const now = values.filter((value) => !(value instanceof Promise));
  return now.length === values.length ? then(now as T[]) : Promise.all(values).then(then);
}

function issuesIn(schema: StandardSchemaV1, value: unknown, field: string): NowOrLater<EventIssue[]> {
  return afterAll([validate(schema, value)], ([result]) => {
    if (result?.issues === undefined) return [];
    // Data that was not sent arrives as `{}`, whatever the schema requires of data that is there.
    const absent = isRecord(value) && Object.keys(value).length === 0;
    const issues = result.issues.map(({ path = [], message }) => ({ path: pathText(field, path), message }));
    if (!absent) return issues;
    return afterAll([validate(schema, undefined)], ([again]) => (again?.issues === undefined ? [] : issues));
  });
}

type Result = StandardSchemaV1.Result<unknown>;

/** Promises of every make are taken for what they are. */
function validate(schema: StandardSchemaV1, value: unknown): NowOrLater<Result> {
  const result = schema["~standard"].validate(value);
  return "then" in result ? Promise.resolve(result) : result;
}

function pathText(field: string, path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  return path.reduce<string>((text, part) => {
    const key = String(typeof part === "object" ? part.key : part);
    if (/^\d+$/.test(key)) return `${text}[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `${text}.${key}` : `${text}[${JSON.stringify(key)}]`;
  }, field);
}
