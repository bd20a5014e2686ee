export { type CrashFinding, CrashSafetyError } from "./error.ts";
export { type CrashOptions, type CrashReport, surviveCrashes } from "./survive.ts";
export type { CrashDifference } from "./trace.ts";
