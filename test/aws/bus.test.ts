import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { createBus } from "../../lambdas/aws/bus.ts";
import { createPayloadStore } from "../../lambdas/aws/payload-store.ts";
import { type EventEnvelope, PUT_EVENTS_BYTES_MAX } from "../../sdk/protocol/index.ts";

const eventBridge = mockClient(EventBridgeClient);
const s3 = mockClient(S3Client);
const payloads = createPayloadStore(() => Promise.resolve(new S3Client({ region: "us-east-1" })), "payloads");
const bus = createBus(
  () => new EventBridgeClient({ region: "us-east-1" }),
  payloads,
  "stepwell",
  async () => {},
);

const event = (id: string, data: unknown = {}) => ({
  name: "shop/order",
  envelope: { v: 1, id, ts: 0, env: "main", data } satisfies EventEnvelope,
});
const calls = () => eventBridge.commandCalls(PutEventsCommand);
const idsOf = ({ args }: ReturnType<typeof calls>[number]) =>
  (args[0].input.Entries ?? []).map(({ Detail }) => JSON.parse(Detail ?? "{}").id as string);
const acceptAll = (input: { Entries?: unknown[] }) => ({
  Entries: (input.Entries ?? []).map(() => ({ EventId: "e" })),
});

beforeEach(() => {
  eventBridge.reset();
  s3.reset();
});

describe("the bus", () => {
  it("sends at most ten events in one request", async () => {
    eventBridge.on(PutEventsCommand).callsFake(acceptAll);
    await bus.send(
      "shop",
      Array.from({ length: 23 }, (_, i) => event(`e${i}`)),
    );
    expect(eventBridge.commandCalls(PutEventsCommand).map((call) => idsOf(call).length)).toEqual([10, 10, 3]);
  });

  it("sends no more bytes in one request than EventBridge takes", async () => {
    eventBridge.on(PutEventsCommand).callsFake(acceptAll);
    await bus.send(
      "shop",
      Array.from({ length: 6 }, (_, i) => event(`e${i}`, { text: "x".repeat(100_000) })),
    );
    const sizes = eventBridge
      .commandCalls(PutEventsCommand)
      .map(({ args }) => Buffer.byteLength(JSON.stringify(args[0].input.Entries)));
    expect(sizes.length).toBe(3);
    expect(Math.max(...sizes)).toBeLessThan(PUT_EVENTS_BYTES_MAX);
  });

  it("tries only the entries again that were refused", async () => {
    eventBridge
      .on(PutEventsCommand)
      .resolvesOnce({
        FailedEntryCount: 1,
        Entries: [{ EventId: "1" }, { ErrorCode: "ThrottlingException", ErrorMessage: "slow down" }, { EventId: "3" }],
      })
      .callsFake(acceptAll);
    await bus.send("shop", [event("a"), event("b"), event("c")]);
    expect(eventBridge.commandCalls(PutEventsCommand).map(idsOf)).toEqual([["a", "b", "c"], ["b"]]);
  });

  it("says in the end which events were not accepted, and that the others were", async () => {
    eventBridge.on(PutEventsCommand).callsFake(({ Entries }: { Entries: { Detail: string }[] }) => ({
      Entries: Entries.map(({ Detail }) =>
        JSON.parse(Detail).id === "b" ? { ErrorCode: "InternalFailure", ErrorMessage: "no" } : { EventId: "e" },
      ),
    }));
    await expect(bus.send("shop", [event("a"), event("b")])).rejects.toMatchObject({
      code: "STEPWELL_SEND_FAILED",
      message: expect.stringMatching(/1 of 2 events.*"shop\/order" \(id b\): InternalFailure: no/),
    });
    expect(eventBridge.commandCalls(PutEventsCommand).length).toBe(5);
  });

  it("counts a request that fails as a whole like refused entries", async () => {
    eventBridge.on(PutEventsCommand).rejectsOnce(new Error("socket hang up")).callsFake(acceptAll);
    await bus.send("shop", [event("a")]);
    expect(eventBridge.commandCalls(PutEventsCommand).length).toBe(2);
  });

  it("stores large data in S3 first and sends where it is", async () => {
    s3.on(PutObjectCommand).resolves({});
    eventBridge.on(PutEventsCommand).callsFake(acceptAll);
    const data = { text: "x".repeat(300_000) };
    await bus.send("shop", [event("big", data)]);
    const [object] = s3.commandCalls(PutObjectCommand);
    expect(object?.args[0].input).toMatchObject({
      Bucket: "payloads",
      Key: expect.stringMatching(/^events\/main\/big-[\w-]{22}\.json$/),
      Body: JSON.stringify(data),
    });
    const [request] = eventBridge.commandCalls(PutEventsCommand);
    const detail = JSON.parse(request?.args[0].input.Entries?.[0]?.Detail ?? "{}");
    expect(detail).toEqual({
      v: 1,
      id: "big",
      ts: 0,
      env: "main",
      ref: { s3: object?.args[0].input.Key, bytes: JSON.stringify(data).length },
    });
  });
});
