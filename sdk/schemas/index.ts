export { EventSchemaError } from "./event-schema-error.ts";
export { EventSchemas, type FromSchemaOptions } from "./event-schemas.ts";
export {
  CreatedEvent,
  EventType,
  type EventTypeOptions,
  eventType,
  isEventType,
  staticSchema,
} from "./event-type.ts";
export { checkAwaited, type IncomingCheck, incomingCheck } from "./incoming.ts";
export type { EventIssue } from "./issues.ts";
export { outgoingCheck, type SchemaSource } from "./outgoing.ts";
