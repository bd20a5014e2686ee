export {
  compileCondition,
  compileExpression,
  type Expression,
  evaluate,
  holds,
  projectionOf,
  tryEvaluate,
} from "./cel.ts";
export type { Variable } from "./cel-environment.ts";
export { type Equality, equalitiesOf, isFullyKeyed, matchToExpression } from "./cel-equalities.ts";
export { type Paths, project } from "./cel-reads.ts";
export type { Evaluation, ExpressionContext } from "./cel-run.ts";
export { type ParsedCron, parseCron } from "./cron.ts";
export { formatDuration, parseDate, parseDuration } from "./durations.ts";
export { eventNameProblem, isReserved, isWildcard, nameMatches, validEventName } from "./event-names.ts";
export { nextCron } from "./next-cron.ts";
export { canonicalValue, formatPath, parsePath, valueAt } from "./values.ts";
