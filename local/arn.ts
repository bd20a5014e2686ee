/** The one account and region of the local cloud. */
export const REGION = "us-east-1";
export const ACCOUNT = "000000000000";

export const arnOf = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

export const queueArn = (name: string) => arnOf("sqs", name);

/** The queue's name out of its ARN; undefined when it is no queue's ARN. */
export const queueNameOf = (arn: string): string | undefined => /^arn:aws:sqs:[^:]*:[^:]*:([^:]+)$/.exec(arn)?.[1];
