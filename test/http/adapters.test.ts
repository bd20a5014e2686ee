import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Hono } from "hono";
import { type AnyFunction, type GetFunctionInput, Stepwell } from "stepwell";
import {
  type DoorHandler,
  httpDoor,
  type LambdaUrlEvent,
  lambdaUrl,
  nodeListener,
  signedRequest,
  stripeWebhook,
} from "stepwell/http";
import { type LocalCloud, startLocal } from "stepwell/local";
import { afterEach, describe, expect, it } from "vitest";
import { openDoor, post, SECRET } from "./doors.ts";

const stepwell = new Stepwell({ id: "shop" });
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const ship = stepwell.createFunction(
  { id: "ship" },
  { event: "shop/order.paid" },
  ({ event }: GetFunctionInput<typeof stepwell>) => event.data as object,
);
const charged = stepwell.createFunction({ id: "charged" }, { event: "stripe/charge" }, ({ event }) => event.id);

const STRIPE = "whsec_test";
const makeDoor = () =>
  httpDoor({
    client: stepwell,
    functions: [ship],
    auth: { secrets: [SECRET] },
    path: "/stepwell",
    webhooks: {
      stripe: { ...stripeWebhook([STRIPE]), transform: () => ({ name: "stripe/charge", data: {} }) },
    },
  });

const open = new Set<{ close(): unknown }>();
afterEach(async () => {
  for (const one of open) await one.close();
  open.clear();
});

async function openCloud(): Promise<LocalCloud> {
  const functions: AnyFunction[] = [ship, charged];
  const cloud = await startLocal({ client: stepwell, functions, clock: "virtual", logger: quiet });
  open.add(cloud);
  return cloud;
}

/** A server of Node's, and how to reach it. */
async function listen(listener: RequestListener): Promise<(request: Request) => Promise<Response>> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.add({ close: () => new Promise((resolve) => server.close(resolve)) });
  const { port } = server.address() as AddressInfo;
  return (request) => {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(`http://127.0.0.1:${port}${pathname}${search}`, request));
  };
}

const viaHono = (door: DoorHandler) => {
  const app = new Hono();
  app.all("/stepwell/*", (c) => door(c.req.raw));
  return async (request: Request) => app.fetch(request);
};

const viaExpress = (door: DoorHandler) => {
  const app = express();
  app.use("/stepwell", nodeListener(door));
  app.use(express.json());
  return listen(app);
};

const viaRawExpress = (door: DoorHandler) => {
  const app = express();
  app.use(express.raw({ type: "*/*" }));
  app.use("/stepwell", nodeListener(door));
  return listen(app);
};

/** As AWS makes an event of a request; the body as text, or in base64. */
async function urlEvent(request: Request, base64: boolean, iam?: { userArn: string; accountId: string }) {
  const { host, pathname, search } = new URL(request.url);
  const bytes = Buffer.from(await request.arrayBuffer());
  return {
    version: "2.0",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: bytes.toString(base64 ? "base64" : "utf8"),
    isBase64Encoded: base64,
    requestContext: { domainName: host, http: { method: request.method, path: pathname }, authorizer: iam && { iam } },
  } as LambdaUrlEvent;
}

const viaLambdaUrl = (base64: boolean) => (door: DoorHandler) => async (request: Request) => {
  const { statusCode, headers, body } = await lambdaUrl(door)(await urlEvent(request, base64));
  return new Response(body, { status: statusCode, headers });
};

const ADAPTERS: readonly (readonly [string, (door: DoorHandler) => unknown])[] = [
  ["fetch itself, as Bun and Next call it", (door) => door],
  ["Hono", viaHono],
  ["Node's http", (door) => listen(nodeListener(door))],
  ["Express", viaExpress],
  ["Express after express.raw()", viaRawExpress],
  ["a function URL", viaLambdaUrl(false)],
  ["a function URL with bodies in base64", viaLambdaUrl(true)],
];

type Call = (request: Request) => Promise<Response>;
const url = "https://shop.example/stepwell/";
const signed = (route: string, body: unknown) => signedRequest({ url, route, secret: SECRET, body });

describe.each(ADAPTERS)("by %s", (_, adapt) => {
  it("events, invocations and webhooks reach the functions, twice is once", async () => {
    const cloud = await openCloud();
    const call = (await adapt(makeDoor())) as Call;
    const events = signed("events", [{ name: "shop/order.paid", data: { text: "grün ✓" } }]);
    const { ids } = (await (await call(events.clone())).json()) as { ids: string[] };
    expect(await (await call(events)).json()).toEqual({ ids });
    const [run, ...others] = await cloud.runsOf(ids[0]);
    expect(others).toEqual([]);
    expect(await cloud.waitForRun(run?.id)).toMatchObject({ output: { text: "grün ✓" } });

    const invoke = signed("invoke/ship", { data: { n: 1 } });
    const accepted = await call(invoke.clone());
    expect(accepted.status).toBe(202);
    const { runId } = (await accepted.json()) as { runId: string };
    expect(await (await call(invoke)).json()).toEqual({ runId });
    expect(await cloud.waitForRun(runId)).toMatchObject({ functionId: "ship", output: { n: 1 } });

    const delivery = () => stripe('{"id":"evt_1"}');
    await call(await delivery());
    await call(await delivery());
    await cloud.passTime("1m");
    const runs = await cloud.runs({});
    expect(runs.map(({ functionId }) => functionId).sort()).toEqual(["charged", "ship", "ship"]);
  });

  it("refusals arrive as they are", async () => {
    const call = (await adapt(makeDoor())) as Call;
    const unsigned = await call(new Request(`${url}events`, { method: "POST", body: "{}" }));
    expect([unsigned.status, unsigned.headers.get("content-type")]).toEqual([401, "application/json"]);
    expect(await unsigned.json()).toMatchObject({ error: { code: "STEPWELL_UNAUTHORIZED" } });
    expect((await call(new Request(`${url}events`))).status).toBe(405);
  });
});

async function stripe(body: string): Promise<Request> {
  const { createHmac } = await import("node:crypto");
  const t = Math.floor(Date.now() / 1_000);
  const v1 = createHmac("sha256", STRIPE).update(`${t}.${body}`).digest("hex");
  const headers = { "content-type": "application/json", "stripe-signature": `t=${t},v1=${v1}` };
  return new Request(`${url}webhooks/stripe`, { method: "POST", headers, body });
}

describe("a function URL with IAM", () => {
  const caller = { userArn: "arn:aws:iam::123456789012:user/ann", accountId: "123456789012" };
  const events = () => post("events", { name: "shop/a" });

  it("lets in who has passed IAM, and nobody who only says so", async () => {
    const { door, client } = openDoor({ auth: "iam" });
    const handler = lambdaUrl(door);
    expect(await handler(await urlEvent(events(), false, caller))).toMatchObject({ statusCode: 200 });
    expect(client.sent).toHaveLength(1);
    expect(await handler(await urlEvent(events(), false))).toMatchObject({ statusCode: 401 });
    const claims = post("events", { name: "shop/a" }, { "x-amzn-iam": JSON.stringify(caller), authorization: "AWS4" });
    expect(await handler(await urlEvent(claims, false))).toMatchObject({ statusCode: 401 });
    expect((await door(events())).status).toBe(401);
    expect(client.sent).toHaveLength(1);
  });
});

describe("what an adapter cannot make a request of", () => {
  it("is answered, and harms nobody", async () => {
    const { door } = openDoor();
    const event = { ...(await urlEvent(post("events", {}), false)), headers: { "a b": "c" } };
    expect(await lambdaUrl(door)(event)).toMatchObject({ statusCode: 400 });
    const call = await listen(nodeListener(door));
    expect((await call(new Request("http://x//", { method: "POST" }))).status).toBe(400);
    expect((await call(post("events", {}))).status).toBe(401);
  });

  it("is a body that Express has parsed already: the answer says what to change", async () => {
    const { door } = openDoor({ auth: "none" });
    const app = express();
    app.use(express.json());
    app.use(nodeListener(door));
    const call = await listen(app);
    const response = await call(post("events", { name: "shop/a" }));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("express.json()") } });
  });
});
