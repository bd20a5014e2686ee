import { Duration } from "aws-cdk-lib";
import * as kms from "aws-cdk-lib/aws-kms";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { QUEUE_RECEIVES_MAX } from "../lambdas/contract.ts";

export interface QueuePairProps {
  readonly queueName: string;
  readonly deadLettersName: string;
  /** How long a message that was received is hidden from others. */
  readonly visibility: Duration;
  /** Alias of the KMS key; the key itself may be in another stack. @default - a key of SQS */
  readonly keyAlias?: string;
}

/** The longest that SQS keeps a message. */
const KEPT = Duration.days(14);
/** Six times what the Lambda that consumes them may take. */
const DEAD_LETTERS_VISIBILITY = Duration.minutes(3);

/** A queue, and where its messages go that are received again and again and never acknowledged. */
export class QueuePair extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string, props: QueuePairProps) {
    super(scope, id);
    const { keyAlias } = props;
    const shared = {
      retentionPeriod: KEPT,
      enforceSSL: true,
      ...(keyAlias === undefined
        ? { encryption: sqs.QueueEncryption.SQS_MANAGED }
        : { encryptionMasterKey: kms.Alias.fromAliasName(this, "Key", keyAlias) }),
    };
    this.deadLetters = new sqs.Queue(this, "DeadLetters", {
      ...shared,
      queueName: props.deadLettersName,
      visibilityTimeout: DEAD_LETTERS_VISIBILITY,
    });
    this.queue = new sqs.Queue(this, "Queue", {
      ...shared,
      queueName: props.queueName,
      visibilityTimeout: props.visibility,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: QUEUE_RECEIVES_MAX },
    });
  }
}
