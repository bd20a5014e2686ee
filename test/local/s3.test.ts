import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { openAws, socketClients } from "./open.ts";

const Bucket = "payloads";

async function openBucket() {
  const opened = await openAws();
  await opened.s3.send(new CreateBucketCommand({ Bucket }));
  return opened;
}

it("an object comes back as it was put, under any key", async () => {
  const { aws, s3 } = await openBucket();
  const Key = "env/app/run 1/ü+step?";
  const body = JSON.stringify({ text: "é".repeat(1_000_000) });
  await s3.send(
    new PutObjectCommand({ Bucket, Key, Body: body, ContentType: "application/json", Metadata: { a: "b" } }),
  );
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe(body);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(head).toMatchObject({
    ContentLength: Buffer.byteLength(body),
    ContentType: "application/json",
    Metadata: { a: "b" },
  });
  expect(aws.s3.keys(Bucket)).toEqual([Key]);
  expect(aws.meter.snapshot().calls).toMatchObject({ "s3.PutObject": 1, "s3.GetObject": 1, "s3.HeadObject": 1 });
});

it("a missing object, a missing bucket and a deleted object say so", async () => {
  const { s3 } = await openBucket();
  const get = (bucket: string, Key: string) => s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  await expect(get(Bucket, "none")).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(get("nowhere", "none")).rejects.toMatchObject({ name: "NoSuchBucket" });
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await expect(get(Bucket, "k")).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: "k" }))).rejects.toMatchObject({ name: "NotFound" });
});

it("what it cannot do is refused by name", async () => {
  const { s3 } = await openBucket();
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toThrow("does not have S3 GET /payloads");
});

it("over the socket a client with its default checksums puts and gets", async () => {
  const { aws } = await openBucket();
  const { s3 } = socketClients(aws.url);
  const body = Buffer.from("checked".repeat(50_000));
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: body }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  s3.destroy();
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
