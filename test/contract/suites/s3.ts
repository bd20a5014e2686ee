import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { errorOf } from "../resources.ts";
import type { Promised, World } from "../target.ts";

const bucketName = (world: World): Promise<string> =>
  world.once("bucket", async () => {
    const Bucket = world.unique("bucket");
    await world.clients.s3.send(new CreateBucketCommand({ Bucket }));
    world.atEnd(() => world.clients.s3.send(new DeleteBucketCommand({ Bucket })));
    return Bucket;
  });

/** An object of the test's own. */
async function openObject(world: World, name = "object") {
  const { s3 } = world.clients;
  const Bucket = await bucketName(world);
  const Key = `${world.unique("key")}/${name}`;
  world.atEnd(() => s3.send(new DeleteObjectCommand({ Bucket, Key })));
  const put = (Body: string | Uint8Array, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Body?.transformToString();
  };
  const head = () => s3.send(new HeadObjectCommand({ Bucket, Key }));
  return { Bucket, Key, put, get, head };
}

export function objects(promised: Promised): void {
  promised("an object comes back as it was put, under any key", async (world) => {
    const { put, get, head } = await openObject(world, "run 1/ü+step?&a=b#c%20");
    const body = JSON.stringify({ text: "é".repeat(1_000_000) });
    await put(body, { ContentType: "application/json", Metadata: { a: "b" } });
    expect(await get()).toBe(body);
    expect(await head()).toMatchObject({
      ContentLength: Buffer.byteLength(body),
      ContentType: "application/json",
      Metadata: { a: "b" },
    });
  });

  promised("the last one put counts", async (world) => {
    const { put, get } = await openObject(world);
    for (const body of ["a", "b"]) await put(body);
    expect(await get()).toBe("b");
  });

  promised("bytes come back as they were", async (world) => {
    const { put, Bucket, Key } = await openObject(world);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
    await put(bytes);
    const { Body } = await world.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });

  promised("an object that must not be there yet is put once", async (world) => {
    const { put, get } = await openObject(world);
    await put("a", { IfNoneMatch: "*" });
    expect((await errorOf(put("b", { IfNoneMatch: "*" }))).name).toBe("PreconditionFailed");
    expect(await get()).toBe("a");
  });

  promised("an object is put over the one that was seen only", async (world) => {
    const { put, get } = await openObject(world);
    const { ETag } = await put("a");
    await put("b", { IfMatch: ETag });
    expect((await errorOf(put("c", { IfMatch: ETag }))).name).toBe("PreconditionFailed");
    expect(await get()).toBe("b");
  });

  promised("a missing object, and a missing bucket, are named as such", async (world) => {
    const { get, head, put } = await openObject(world);
    expect((await errorOf(get())).name).toBe("NoSuchKey");
    expect((await errorOf(head())).name).toBe("NotFound");
    const nowhere = put("a", { Bucket: world.unique("none") });
    expect((await errorOf(nowhere)).name).toBe("NoSuchBucket");
  });

  promised("an object that is deleted is missing, and may be deleted again", async (world) => {
    const { put, get, Bucket, Key } = await openObject(world);
    await put("a");
    for (let i = 0; i < 2; i++) await world.clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await errorOf(get())).name).toBe("NoSuchKey");
  });
}
