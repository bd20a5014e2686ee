import { EventSchemas, Stepwell } from "stepwell";
import { httpDoor, invokeFunction } from "stepwell/http";
import { encryptionMiddleware } from "stepwell/middleware";
import { expect, it } from "vitest";
import { z } from "zod";
import type { PreparedEvent } from "../../sdk/client/index.ts";
import { runInScope } from "../../sdk/client/scope.ts";
import { openCloud } from "../scenarios/cloud.ts";
import { post, read } from "./doors.ts";

const SECRET = "4111 1111 1111 1111";
const logger = { debug() {}, info() {}, warn() {}, error() {} };

it("what is invoked from outside goes through the client's middleware, as a step's invocation does", async () => {
  const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys: [Buffer.alloc(32, 1)] })] });
  const cards: unknown[] = [];
  const pay = client.createFunction({ id: "pay" }, { event: "shop/pay" }, ({ event }) => {
    cards.push(event.data.encrypted.card);
  });
  const request = { data: { id: "o1", encrypted: { card: SECRET } } };
  const sent: PreparedEvent[] = [];
  const send = async (_app: string, events: readonly PreparedEvent[]) => void sent.push(...events);
  await runInScope({ sender: { send }, hops: 0 }, () => invokeFunction(client, pay, request));
  expect(sent).toMatchObject([{ name: "stepwell/run.start", envelope: { data: { id: "o1" } } }]);
  expect(JSON.stringify(sent)).not.toContain(SECRET);

  const cloud = await openCloud([pay], { client });
  const { runId } = await invokeFunction(client, pay, request);
  await cloud.waitForRun(runId);
  expect(JSON.stringify(await cloud.run(runId))).not.toContain(SECRET);
  expect(cards).toEqual([SECRET]);
});

it("events that do not fit their schema are the caller's mistake, and their issues are told", async () => {
  const schemas = new EventSchemas().fromSchema({ "shop/paid": z.object({ cents: z.number() }) });
  const client = new Stepwell({ id: "shop", schemas, logger });
  const door = httpDoor({ client, auth: "none" });
  const answer = await read(await door(post("events", { name: "shop/paid", data: { cents: "ten" } })));
  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: "STEPWELL_SCHEMA_MISMATCH", message: expect.stringContaining("data.cents") } },
  });
});
