export { StepError } from "../execution/step-error.ts";
export * from "./backoff.ts";
export * from "./bad-input.ts";
export * from "./non-retriable.ts";
export * from "./retry-after.ts";
