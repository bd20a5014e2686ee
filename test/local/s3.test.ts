import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { openAws } from "./open.ts";

const Bucket = "payloads";

async function openBucket() {
  const opened = await openAws();
  await opened.s3.send(new CreateBucketCommand({ Bucket }));
  return opened;
}

it("calls are metered, and keys can be looked at", async () => {
  const { aws, s3 } = await openBucket();
  const Key = "env/app/run 1/ü+step?";
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "{}" }));
  await s3.send(new GetObjectCommand({ Bucket, Key }));
  await s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(aws.s3.keys(Bucket)).toEqual([Key]);
  expect(aws.meter.snapshot().calls).toMatchObject({ "s3.PutObject": 1, "s3.GetObject": 1, "s3.HeadObject": 1 });
});

it("what it cannot do is refused by name", async () => {
  const { s3 } = await openBucket();
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toThrow("does not have S3 GET /payloads");
});

it("aws-chunked framing is taken off", async () => {
  const { aws, s3 } = await openBucket();
  await aws.dispatch({
    method: "PUT",
    path: `/${Bucket}/k`,
    query: {},
    headers: {
      authorization:
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
      "content-encoding": "aws-chunked",
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    },
    body: "5\r\nhello\r\n6;chunk-signature=ab\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n",
  });
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  expect(await got.Body?.transformToString()).toBe("hello world");
});
