export type { DoorAuth, Secrets, SignedAuth } from "./auth.ts";
export { type DoorHandler, httpDoor } from "./door.ts";
export { invokeFunction, type StartArguments, type StartOptions } from "./invoke.ts";
export { type LambdaUrlEvent, type LambdaUrlResult, lambdaUrl } from "./lambda-url.ts";
export { nodeListener } from "./node-listener.ts";
export type { DoorClient, DoorLimits, DoorLog, DoorOptions } from "./options.ts";
export { type SignedRequestOptions, signedRequest } from "./signed-request.ts";
export { githubWebhook, standardWebhook, stripeWebhook } from "./sources.ts";
export type { Delivery, Webhook, WebhookSource } from "./webhook.ts";
