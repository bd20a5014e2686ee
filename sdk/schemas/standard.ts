import type { StandardSchemaV1 } from "@standard-schema/spec";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";

/** The schemas of an event's fields. */
export interface FieldSchemas {
  readonly data: StandardSchemaV1;
  readonly user?: StandardSchemaV1;
}

const CODE = "STEPWELL_INVALID_OPTION";

/** A Standard Schema is told by what it carries: those of arktype are functions. */
export const isSchema = (value: unknown): value is StandardSchemaV1 => {
  const isHolder = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isHolder || !("~standard" in value)) return false;
  const standard: unknown = value["~standard"];
  return isRecord(standard) && standard.version === 1 && typeof standard.validate === "function";
};

/** The schema of an event's data, or one for each field, checked. */
export function checkEventSchema(given: unknown, where: string): FieldSchemas {
  if (isSchema(given)) return { data: given };
  if (!isRecord(given)) throw badInput(CODE, where, notSchema("or { data, user? } of them", given));
  refuseUnknownKeys(given, ["data", "user"], CODE, where);
  const { data, user } = given;
  if (!isSchema(data)) throw badInput(CODE, `${where}.data`, notSchema("", data));
  if (user === undefined) return { data };
  if (!isSchema(user)) throw badInput(CODE, `${where}.user`, notSchema("", user));
  return { data, user };
}

const notSchema = (or: string, given: unknown): string =>
  `must be a Standard Schema, such as zod, valibot and arktype make them${or && `, ${or}`}; got ${quote(given)}.`;
