export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly eventSourceARN: string;
}

export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Ids of the messages that are to come back. */
export type Kept = ReadonlySet<string>;

/** A Lambda handler as its runtime sees it; spelled out, so that our types do not lead into middy's. */
export type Door = (event: unknown, context: unknown) => Promise<unknown>;

/** The part of a middy middleware that we have; spelled out for the same reason. */
export interface SqsBatchMiddleware {
  after(request: { response: unknown }): void;
}

/** Turns what a door says of its batch into Lambda's partial batch response: a poison message never blocks its neighbours (L8). */
export const sqsBatch = (): SqsBatchMiddleware => {
  const sqsBatchAfter = (request: { response: unknown }) => {
    const kept = request.response as Kept;
    request.response = { batchItemFailures: [...kept].map((itemIdentifier) => ({ itemIdentifier })) };
  };
  return { after: sqsBatchAfter };
};
