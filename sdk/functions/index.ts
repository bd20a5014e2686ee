export { createFunction, type Owner } from "./create.ts";
export * from "./event-name.ts";
export { type AnyFunction, StepwellFunction } from "./function.ts";
export { OPTIONS } from "./options.ts";
export { FunctionReference, referenceFunction } from "./reference.ts";
