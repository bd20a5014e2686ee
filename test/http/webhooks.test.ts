import { createHmac } from "node:crypto";
import { type Delivery, githubWebhook, standardWebhook, stripeWebhook, type WebhookSource } from "stepwell/http";
import { describe, expect, it } from "vitest";
import { NOW, openDoor, post, read } from "./doors.ts";

const SECONDS = NOW / 1_000;
const stripeHmac = (secret: string, body: string, time = SECONDS) =>
  createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");

const named = ({ text, webhook }: Delivery) => ({ name: `${webhook}/came`, data: { text } });
/** A door with one webhook. */
const open = (source: WebhookSource | object, transform: unknown = named, auth: unknown = undefined) =>
  openDoor({ webhooks: { shop: { ...source, transform } }, ...(auth !== undefined && { auth }) });
const trusting = { verify: () => true };

/** What a source says of a delivery that came `later` seconds after the doors' time. */
function delivery(body: string, headers: Record<string, string>, at: number): Delivery {
  const raw = Buffer.from(body);
  const url = new URL("https://shop.example/webhooks/shop");
  const rest = { json: <T>() => JSON.parse(body) as T, form: () => new URLSearchParams(body) };
  return { webhook: "shop", headers: new Headers(headers), url, raw, text: body, now: at * 1_000, ...rest };
}
const verified = async ({ verify }: WebhookSource, of: Delivery) => verify !== "none" && (await verify(of));

describe("GitHub's webhooks", () => {
  // From GitHub's documentation.
  const secret = "It's a Secret to Everybody";
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const source = githubWebhook(["old", secret]);

  it.each([
    ["its own", "Hello, World!", signature, true],
    ["another body's", "Hello, World?", signature, false],
    ["a wrong", "Hello, World!", signature.replace("7571", "7572"), false],
    ["a shorter", "Hello, World!", signature.slice(0, -2), false],
    ["an older kind of", "Hello, World!", `sha1=${signature.slice(7, 47)}`, false],
    ["no", "Hello, World!", "", false],
  ])("with %s signature", async (_, body, given, expected) => {
    expect(await verified(source, delivery(body, { "x-hub-signature-256": given }, 0))).toBe(expected);
  });

  it("have the id of the delivery", () => {
    expect(source.deliveryId?.(delivery("", { "x-github-delivery": "72d3162e" }, 0))).toBe("72d3162e");
    expect(source.deliveryId?.(delivery("", {}, 0))).toBeUndefined();
  });
});

describe("Standard Webhooks", () => {
  // From the documentation of Svix.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const [id, time, body] = ["msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}'];
  const v1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  const headers = { "webhook-id": id, "webhook-timestamp": String(time), "webhook-signature": v1 };
  const svix = { "svix-id": id, "svix-timestamp": String(time), "svix-signature": v1 };
  const source = standardWebhook([secret]);

  it.each<[string, Record<string, string>, number, boolean]>([
    ["their own", headers, 0, true],
    ["Svix's", svix, 0, true],
    ["one of several", { ...headers, "webhook-signature": `v1,AAAA v2,${v1.slice(3)} ${v1}` }, 0, true],
    ["one of another kind", { ...headers, "webhook-signature": v1.replace("v1", "v1a") }, 0, false],
    ["one for another id", { ...headers, "webhook-id": "msg_other" }, 0, false],
    ["one for another time", { ...headers, "webhook-timestamp": String(time + 1) }, 0, false],
    ["one without a time", { ...headers, "webhook-timestamp": "now" }, 0, false],
    ["an old one", headers, 301, false],
    ["none", {}, 0, false],
  ])("with signatures: %s", async (_, given, later, expected) => {
    expect(await verified(source, delivery(body, given, time + later))).toBe(expected);
  });

  it("have the id of the message", () => {
    expect(source.deliveryId?.(delivery(body, headers, 0))).toBe(id);
  });
});

describe("Stripe's webhooks", () => {
  const [secret, body] = ["whsec_test", '{"id":"evt_1","type":"charge.succeeded"}'];
  const source = stripeWebhook(() => ["whsec_old", secret]);
  const good = `t=${SECONDS},v1=${stripeHmac(secret, body)}`;

  it.each([
    ["its own", good, true],
    ["one of several", `t=${SECONDS},v1=${"0".repeat(64)},v1=${stripeHmac(secret, body)},v0=1`, true],
    ["another secret's", `t=${SECONDS},v1=${stripeHmac("x", body)}`, false],
    ["another body's", `t=${SECONDS},v1=${stripeHmac(secret, "{}")}`, false],
    ["an old", `t=${SECONDS - 301},v1=${stripeHmac(secret, body, SECONDS - 301)}`, false],
    ["one whose time was changed", good.replace(String(SECONDS), String(SECONDS - 1)), false],
    ["a test mode's old kind of", good.replace("v1", "v0"), false],
    ["a broken", "t,v1", false],
    ["no", "", false],
  ])("with %s signature", async (_, given, expected) => {
    expect(await verified(source, delivery(body, { "stripe-signature": given }, SECONDS))).toBe(expected);
  });

  it("have the id of the event", () => {
    expect(source.deliveryId?.(delivery(body, {}, 0))).toBe("evt_1");
    expect(source.deliveryId?.(delivery("[]", {}, 0))).toBeUndefined();
  });
});

describe("a webhook", () => {
  it("is let in by its own check, and not by the door's", async () => {
    const { door, client } = open(githubWebhook(["secret"]));
    const signature = `sha256=${createHmac("sha256", "secret").update("{}").digest("hex")}`;
    const headers = { "x-hub-signature-256": signature, "x-github-delivery": "d-1", "content-type": "text/plain" };
    const answer = await read(await door(post("webhooks/shop", "{}", headers)));
    expect(answer).toEqual({ status: 200, body: { ids: ["shop-d-1-0"] } });
    expect(client.sent).toEqual([{ name: "shop/came", data: { text: "{}" }, id: "shop-d-1-0" }]);
    const forged = await read(await door(post("webhooks/shop", "{} ", headers)));
    expect(forged).toMatchObject({ status: 401, body: { error: { code: "STEPWELL_UNAUTHORIZED" } } });
    expect(client.sent).toHaveLength(1);
  });

  it("is checked before its transform is called", async () => {
    let calls = 0;
    const { door } = open({ verify: () => false }, () => {
      calls += 1;
      return null;
    });
    expect((await door(post("webhooks/shop", {}))).status).toBe(401);
    expect(calls).toBe(0);
  });

  it.each([
    ["an object", () => ({ name: "shop/one" }), ["fresh-0"]],
    ["a list", () => [{ name: "shop/one" }, { name: "shop/two", id: "own" }], ["fresh-0", "own"]],
    ["a promise", async () => ({ name: "shop/one" }), ["fresh-0"]],
    ["null", () => null, []],
    ["nothing", () => undefined, []],
    ["no events", () => [], []],
  ])("may mean %s", async (_, transform, ids) => {
    expect(await read(await open(trusting, transform).door(post("webhooks/shop", {})))).toEqual({
      status: 200,
      body: { ids },
    });
  });

  it("gives each event an id by the delivery and its place, short enough for an event", async () => {
    const transform = () => [{ name: "shop/one" }, { name: "shop/two" }];
    const idsFor = async (id: string) =>
      (await read(await open({ ...trusting, deliveryId: () => id }, transform).door(post("webhooks/shop", {})))).body
        .ids;
    expect(await idsFor("d")).toEqual(["shop-d-0", "shop-d-1"]);
    const long = await idsFor("d".repeat(200));
    expect(long).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(new Set(long).size).toBe(2);
    expect(await idsFor("d".repeat(200))).toEqual(long);
  });

  it("gets forms, bytes and the query too", async () => {
    const seen: unknown[] = [];
    const transform = ({ form, raw, url }: Delivery) => {
      seen.push(form().get("a"), raw.byteLength, url.searchParams.get("from"));
      return null;
    };
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await open(trusting, transform).door(post("webhooks/shop?from=here", "a=1&b=2", headers));
    expect(seen).toEqual(["1", 7, "here"]);
  });

  it("that is not JSON where its transform wants it is the provider's mistake", async () => {
    const { door } = open(trusting, ({ json }: Delivery) => ({ name: "a", data: json<object>() }));
    expect((await door(post("webhooks/shop", "{oops"))).status).toBe(400);
  });

  it.each<[string, object, unknown]>([
    ["transform throws", trusting, () => Promise.reject(new Error("password"))],
    ["verify throws", { verify: () => Promise.reject(new Error("password")) }, named],
  ])("whose %s is delivered again: 500, and the log says why", async (_, source, transform) => {
    const { door, lines } = open(source, transform);
    const answer = await read(await door(post("webhooks/shop", {})));
    expect(answer).toMatchObject({ status: 500, body: { error: { code: "STEPWELL_DOOR_FAILED" } } });
    expect(JSON.stringify(answer)).not.toContain("password");
    expect(lines).toMatchObject([{ level: "error", fields: { error: expect.stringContaining("password") } }]);
  });

  it("behind IAM is for those who have passed IAM", async () => {
    const { door } = open(trusting, named, "iam");
    expect((await door(post("webhooks/shop", {}))).status).toBe(401);
  });
});
