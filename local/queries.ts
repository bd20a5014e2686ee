import { badInput, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { RUN_STATUSES, RUNS_LISTED_MAX, type RunStatus } from "../sdk/protocol/index.ts";
import type { RunsQuery, SkipsQuery } from "./cloud.ts";

const CODE = "STEPWELL_INVALID_OPTION";

/** What `cloud.runs` is asked. @throws StepwellError `STEPWELL_INVALID_OPTION` */
export function checkRunsQuery(given: unknown): RunsQuery {
  const query = checkFields(given, ["functionId", "status", "limit"], "runs");
  const { status, limit } = query;
  if (status !== undefined && !RUN_STATUSES.includes(status as RunStatus)) {
    throw badInput(CODE, "runs: status", `must be one of ${RUN_STATUSES.join(", ")}, got ${quote(status)}.`);
  }
  const isLimit = Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= RUNS_LISTED_MAX;
  if (limit !== undefined && !isLimit) {
    throw badInput(CODE, "runs: limit", `must be a whole number from 1 to ${RUNS_LISTED_MAX}, got ${quote(limit)}.`);
  }
  return query;
}

/** What `cloud.skips` is asked. @throws StepwellError `STEPWELL_INVALID_OPTION` */
export function checkSkipsQuery(given: unknown): SkipsQuery {
  const query = checkFields(given, ["functionId", "since"], "skips");
  const { since } = query;
  if (since === undefined || Number.isFinite(since)) return query;
  throw badInput(CODE, "skips: since", `must be a time in milliseconds since the epoch, got ${quote(since)}.`);
}

/** Ids of dead letters, for `cloud.redrive`. @throws StepwellError `STEPWELL_INVALID_OPTION` */
export function checkIds(ids: unknown): readonly string[] | undefined {
  if (ids === undefined) return undefined;
  if (Array.isArray(ids) && ids.every((id) => typeof id === "string" && id !== "")) return ids;
  throw badInput(CODE, "redrive", `takes a list of ids of dead letters, or nothing for all; got ${quote(ids)}.`);
}

/** The id of a function, for `cloud.fire`. @throws StepwellError `STEPWELL_INVALID_OPTION` */
export function checkFunctionId(id: unknown): string {
  if (typeof id === "string" && id !== "") return id;
  throw badInput(CODE, "fire", `takes the id of a function, got ${quote(id)}.`);
}

function checkFields(given: unknown, names: readonly string[], where: string): Record<string, unknown> {
  if (given === undefined) return {};
  if (!isRecord(given)) throw badInput(CODE, where, `takes { ${names.join("?, ")}? }, got ${quote(given)}.`);
  refuseUnknownKeys(given, names, CODE, where);
  const { functionId } = given;
  if (functionId === undefined || (typeof functionId === "string" && functionId !== "")) return given;
  throw badInput(CODE, `${where}: functionId`, `must be a text that is not empty, got ${quote(functionId)}.`);
}
