export type { Spied, StepStates, TestContext } from "./context.ts";
export {
  type CrashDifference,
  type CrashFinding,
  type CrashOptions,
  type CrashReport,
  CrashSafetyError,
} from "./crashes/index.ts";
export type { CrashPoint } from "./journal.ts";
export type { ExecuteOptions, MockedStep, SpyMaker, TestEngineOptions, TestedFunction } from "./options.ts";
export type { ExecutionResult, StepResult } from "./results.ts";
export type { Spy, SpyRecord } from "./spy.ts";
export { TestEngine } from "./test-engine.ts";
export type { WaitHandler, Waiting } from "./waits.ts";
