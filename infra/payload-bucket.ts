import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { bucketName } from "./engine-arns.ts";
import { acknowledge } from "./permission.ts";

export interface PayloadBucketProps {
  readonly engineName: string;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey: kms.IKey | undefined;
}

/**
 * Values that are too large for the table. An object's name has the hash of its content: none is ever overwritten by another, so that
 * versions would keep nothing. None expires either, for a run that is alive may need it after any time.
 */
export function payloadBucket(scope: Construct, props: PayloadBucketProps): s3.Bucket {
  const { engineName, removalPolicy, encryptionKey } = props;
  const bucket = new s3.Bucket(scope, "Payloads", {
    bucketName: bucketName(scope, engineName),
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy,
    ...(encryptionKey === undefined
      ? { encryption: s3.BucketEncryption.S3_MANAGED }
      : { encryption: s3.BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
  });
  acknowledge(
    bucket,
    "AwsSolutions-S1",
    "Only the engine and its apps read it; CloudTrail's data events tell who, where that matters.",
  );
  return bucket;
}
