import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Hono } from "hono";
import {
  type DoorHandler,
  githubWebhook,
  httpDoor,
  type LambdaUrlEvent,
  lambdaUrl,
  nodeListener,
  signedRequest,
} from "stepwell/http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openCloud, stepwell } from "../scenarios/cloud.ts";

const env = { DOOR_SECRET: "a secret of thirty-two characters", OLD_DOOR_SECRET: "the one of before, as long as it" };
beforeAll(() => void Object.assign(process.env, env, { GITHUB_SECRET: "github" }));
afterAll(() => {
  for (const name of [...Object.keys(env), "GITHUB_SECRET"]) delete process.env[name];
});

const pushes: unknown[] = [];
const ship = stepwell.createFunction({ id: "ship" }, { event: "shop/order.paid" }, async ({ event }) => event.data);
const build = stepwell.createFunction({ id: "build" }, { event: "github/push" }, async ({ event, step }) => {
  await step.run("note", () => pushes.push(event.data));
});

/** A door as the guide shows it, and how to call it. */
function openDoor(): DoorHandler {
  // #region door
  const door = httpDoor({
    client: stepwell,
    path: "/stepwell",
    auth: { secrets: () => [process.env.DOOR_SECRET, process.env.OLD_DOOR_SECRET].filter((s) => s !== undefined) },
    events: ["shop/*"], // names that may be posted
    functions: [ship], // what may be invoked
    webhooks: {
      github: {
        ...githubWebhook(() => [process.env.GITHUB_SECRET ?? ""]),
        transform: ({ headers, json }) => ({
          name: `github/${headers.get("x-github-event")}`,
          data: json<object>(),
        }),
      },
    },
  });
  // #endregion
  return door;
}

const url = "https://shop.example/stepwell";

it("events and invocations are signed", async () => {
  const cloud = await openCloud([ship, build]);
  const door = openDoor();
  const fetch = (request: Request) => door(request);
  // #region call
  const secret = process.env.DOOR_SECRET ?? "";
  const order = { name: "shop/order.paid", data: { orderId: "o1" } };
  const sent = await fetch(signedRequest({ url, route: "events", secret, body: [order] }));
  const { ids } = (await sent.json()) as { ids: string[] };

  const invoked = await fetch(signedRequest({ url, route: "invoke/ship", secret, body: { data: { orderId: "o2" } } }));
  const { runId } = (await invoked.json()) as { runId: string };
  // #endregion
  expect(await cloud.runsOf(ids[0])).toMatchObject([{ functionId: "ship", output: { orderId: "o1" } }]);
  expect(await cloud.waitForRun(runId)).toMatchObject({ output: { orderId: "o2" } });
});

it("a webhook becomes events", async () => {
  const cloud = await openCloud([ship, build]);
  const body = '{"ref":"main"}';
  const signature = `sha256=${createHmac("sha256", "github").update(body).digest("hex")}`;
  const headers = { "x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": "d1" };
  const deliver = () => openDoor()(new Request(`${url}/webhooks/github`, { method: "POST", headers, body }));
  expect([(await deliver()).status, (await deliver()).status]).toEqual([200, 200]);
  await cloud.passTime("1m");
  expect(pushes).toEqual([{ ref: "main" }]);
});

it("the door is mounted in Hono, Next, Bun, a function URL and Express", async () => {
  const door = openDoor();
  const request = () => new Request(`${url}/events`, { method: "POST", body: "{}" });

  // #region hono
  const app = new Hono();
  app.all("/stepwell/*", (c) => door(c.req.raw));
  // #endregion
  expect((await app.fetch(request())).status).toBe(401);

  // #region next
  // app/stepwell/[...route]/route.ts
  const POST = door;
  // #endregion
  expect((await POST(request())).status).toBe(401);

  const Bun = { serve: ({ fetch }: { fetch: DoorHandler }) => ({ fetch }) };
  // #region bun
  const server = Bun.serve({ fetch: door });
  // #endregion
  expect((await server.fetch(request())).status).toBe(401);

  // #region lambda
  const handler = lambdaUrl(door);
  // #endregion
  const event: LambdaUrlEvent = {
    rawPath: "/stepwell/events",
    headers: {},
    body: "{}",
    requestContext: { http: { method: "POST" } },
  };
  expect((await handler(event)).statusCode).toBe(401);
});

it("Express goes by a bridge", async () => {
  const door = openDoor();
  // #region express
  const app = express();
  app.use("/stepwell", nodeListener(door)); // before express.json(): signatures are over the bytes
  app.use(express.json());
  // #endregion
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/stepwell/events`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(401);
  await new Promise((resolve) => server.close(resolve));
});

it("IAM stands in front of a function URL", async () => {
  // #region iam
  const handler = lambdaUrl(httpDoor({ client: stepwell, auth: "iam", functions: [ship] }));
  // #endregion
  const cloud = await openCloud([ship]);
  const iam = { userArn: "arn:aws:iam::123456789012:user/ann", accountId: "123456789012" };
  const event = (authorizer: object) => ({
    rawPath: "/invoke/ship",
    headers: { "content-type": "application/json" },
    body: "{}",
    requestContext: { http: { method: "POST" }, authorizer },
  });
  const { statusCode, body } = await handler(event({ iam }));
  expect(statusCode).toBe(202);
  expect(await cloud.waitForRun(JSON.parse(body).runId)).toMatchObject({ functionId: "ship" });
  expect((await handler(event({}))).statusCode).toBe(401);
});
