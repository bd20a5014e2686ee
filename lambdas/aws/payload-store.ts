import { createHash } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { PAYLOAD_INLINE_BYTES_MAX, type Payload } from "../../sdk/protocol/index.ts";

/**
 * Values too large for an item or a message lie in S3. Their name has the hash of their content: a repeat overwrites itself, and a
 * loser of a race (another event of that id, a late attempt of that step) never what the winner refers to.
 */
export const createPayloadStore = (client: () => Promise<S3Client>, bucket: string) => ({
  async store(name: string, json: string): Promise<Payload> {
    const bytes = Buffer.byteLength(json);
    if (bytes <= PAYLOAD_INLINE_BYTES_MAX) return { json };
    const key = `${name}-${hashOf(json)}.json`;
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: json, ContentType: "application/json" });
    await (await client()).send(command);
    return { s3: key, bytes };
  },

  async load(payload: Payload): Promise<unknown> {
    if ("json" in payload) return JSON.parse(payload.json);
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const { Body } = await (await client()).send(new GetObjectCommand({ Bucket: bucket, Key: payload.s3 }));
    if (Body === undefined) throw new Error(`The object "${payload.s3}" of the bucket "${bucket}" has no body.`);
    return JSON.parse(await Body.transformToString());
  },
});

export type PayloadStore = ReturnType<typeof createPayloadStore>;

const hashOf = (json: string): string => createHash("sha256").update(json).digest("base64url").slice(0, 22);
