import { signedRequest } from "stepwell/http";
import { describe, expect, it } from "vitest";
import { SIGNATURE_HEADER } from "../../http/signature.ts";
import { NOW, OTHER, openDoor, post, read, SECRET, URL_OF_DOOR } from "./doors.ts";

const EVENT = { name: "shop/order.placed", data: { orderId: "o1" } };

const signed = (over: object = {}) =>
  signedRequest({ url: URL_OF_DOOR, route: "events", secret: SECRET, body: EVENT, now: NOW, ...over });

const seconds = (n: number) => n * 1_000;

/** The same request with something of it changed. */
async function changed(request: Request, change: { url?: string; body?: string; signature?: (old: string) => string }) {
  const headers = new Headers(request.headers);
  const signature = headers.get(SIGNATURE_HEADER) ?? "";
  headers.set(SIGNATURE_HEADER, change.signature?.(signature) ?? signature);
  return new Request(change.url ?? request.url, {
    method: "POST",
    headers,
    body: change.body ?? (await request.text()),
  });
}

describe("a signed door", () => {
  it("takes what is signed with its secret, and tells the ids", async () => {
    const { door, client } = openDoor();
    const { status, body } = await read(await door(signed({ body: [EVENT, { ...EVENT, id: "mine" }] })));
    expect(status).toBe(200);
    expect(body.ids).toEqual([expect.stringMatching(/^[\w-]{24}-0$/), "mine"]);
    expect(client.sent).toEqual([
      { ...EVENT, id: body.ids?.[0] },
      { ...EVENT, id: "mine" },
    ]);
  });

  it("gives the events of a request that comes again the same ids, and those of another one others", async () => {
    const { door } = openDoor();
    const request = signed();
    const first = await read(await door(request.clone()));
    expect(await read(await door(request.clone()))).toEqual(first);
    expect(await read(await door(signed()))).not.toEqual(first);
  });

  it("gives the run of an invoke that comes again the same identity, unless the caller has given one", async () => {
    const { door, client } = openDoor();
    const request = signed({ route: "invoke/ship", body: { data: { n: 1 } } });
    expect(await read(await door(request.clone()))).toEqual({
      status: 202,
      body: { runId: "01JD7QZ3M8W0V5XKB2T4N6R9PC" },
    });
    await door(request.clone());
    await door(signed({ route: "invoke/ship", body: { id: "mine", ts: 7 } }));
    const [first, again, own] = client.invoked;
    expect(first).toEqual({ fn: "ship", data: { n: 1 }, id: expect.stringMatching(/^[\w-]{24}$/), ts: NOW });
    expect(again).toEqual(first);
    expect(own).toEqual({ fn: "ship", id: "mine", ts: 7 });
  });

  it("takes any of several secrets, so that one can be changed; also from a function, at each request", async () => {
    const { door } = openDoor({ auth: { secrets: [OTHER, SECRET] } });
    expect((await door(signed())).status).toBe(200);
    expect((await door(signed({ secret: OTHER }))).status).toBe(200);
    let secrets = [SECRET];
    const lazy = openDoor({ auth: { secrets: async () => secrets } });
    expect((await lazy.door(signed())).status).toBe(200);
    secrets = [OTHER];
    expect((await lazy.door(signed())).status).toBe(401);
    expect((await lazy.door(signed({ secret: OTHER }))).status).toBe(200);
  });

  it.each([
    ["now", 0, 200],
    ["five minutes ago", seconds(-300), 200],
    ["five minutes ahead", seconds(300), 200],
    ["over five minutes ago", seconds(-301), 401],
    ["over five minutes ahead", seconds(301), 401],
  ])("takes a signature of %s or not", async (_, off, status) => {
    expect((await openDoor().door(signed({ now: NOW + off }))).status).toBe(status);
  });

  it("has the replay window that it is given", async () => {
    const { door } = openDoor({ auth: { secrets: [SECRET], toleranceSeconds: 10 } });
    expect((await door(signed({ now: NOW - seconds(10) }))).status).toBe(200);
    expect((await door(signed({ now: NOW - seconds(11) }))).status).toBe(401);
  });

  it.each<[string, Parameters<typeof changed>[1]]>([
    ["another body", { body: JSON.stringify({ ...EVENT, data: { orderId: "o2" } }) }],
    ["another route", { url: `${URL_OF_DOOR}/invoke/ship` }],
    ["another time", { signature: (old) => old.replace(/t=\d+/, `t=${NOW / 1_000 - 1}`) }],
    ["another nonce", { signature: (old) => old.replace(/n=./, (n) => (n === "n=a" ? "n=b" : "n=a")) }],
    ["another HMAC", { signature: (old) => old.replace(/.$/, (c) => (c === "0" ? "1" : "0")) }],
    ["a shorter HMAC", { signature: (old) => old.slice(0, -2) }],
    ["no HMAC", { signature: (old) => old.replace(/,v1=.*/, "") }],
    ["a header that is none", { signature: () => "please" }],
    ["an endless header", { signature: (old) => old.repeat(10_000) }],
  ])("does not take a signature with %s, and says nothing more", async (_, change) => {
    const { door, client } = openDoor();
    const { status, body } = await read(await door(await changed(signed(), change)));
    expect(status).toBe(401);
    expect(body.error).toEqual({
      code: "STEPWELL_UNAUTHORIZED",
      message: "This request is not let in. The signature is wrong.",
    });
    expect([client.sent, client.invoked]).toEqual([[], []]);
  });

  it("does not take a request without a signature, and does not read its body", async () => {
    const { door } = openDoor();
    const request = post("events", EVENT);
    const response = await door(request);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Stepwell-Signature");
    expect(request.bodyUsed).toBe(false);
  });

  it("tells no secret, whatever fails", async () => {
    const { door, lines } = openDoor({ auth: { secrets: () => [SECRET, "short"] } });
    const { status, body } = await read(await door(signed()));
    expect({ status, code: body.error?.code }).toEqual({ status: 500, code: "STEPWELL_DOOR_FAILED" });
    expect(JSON.stringify([body, lines])).not.toMatch(/thirty-two|short/);
  });
});

describe("signedRequest", () => {
  it.each([
    ["url", "nonsense"],
    ["route", 7],
    ["secret", undefined],
    ["body", undefined],
    ["body", { n: 1n }],
  ])("refuses a wrong %s by its path", (option, value) => {
    expect(() => signed({ [option]: value })).toThrow(
      expect.objectContaining({
        code: "STEPWELL_INVALID_OPTION",
        message: expect.stringContaining(`signedRequest: ${option}`),
      }),
    );
  });
});
