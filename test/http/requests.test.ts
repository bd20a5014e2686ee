import { StepwellError } from "stepwell";
import { httpDoor } from "stepwell/http";
import { describe, expect, it } from "vitest";
import { fakeClient, openDoor, post, read, SECRET, URL_OF_DOOR } from "./doors.ts";

const EVENT = { name: "shop/a", data: {} };
const open = (options: object = {}) => openDoor({ auth: "none", ...options });

/** A body that is only known by reading it. */
const streamed = (bytes: number) => {
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes; i += 1_000) controller.enqueue(new Uint8Array(1_000));
      controller.close();
    },
  });
  return new Request(`${URL_OF_DOOR}/events`, { method: "POST", body, duplex: "half" });
};

describe("a request that is not taken", () => {
  it.each<[string, Request, number, string, string]>([
    ["to nowhere", post("orders", EVENT), 404, "STEPWELL_INVALID_REQUEST", "events, invoke/<functionId>"],
    ["to the root", post("", EVENT), 404, "STEPWELL_INVALID_REQUEST", "There is nothing at /"],
    ["to an address in disguise", post("events%2f", EVENT), 404, "STEPWELL_INVALID_REQUEST", "events%2f"],
    ["to an unknown function", post("invoke/gone", {}), 404, "STEPWELL_FUNCTION_NOT_FOUND", '"gone"'],
    [
      "to a function of every object",
      post("invoke/constructor", {}),
      404,
      "STEPWELL_FUNCTION_NOT_FOUND",
      "constructor",
    ],
    ["to an unknown webhook", post("webhooks/gone", {}), 404, "STEPWELL_INVALID_REQUEST", '"gone"'],
    ["by GET", new Request(`${URL_OF_DOOR}/events`), 405, "STEPWELL_INVALID_REQUEST", "GET"],
    ["that is not JSON", post("events", "{oops"), 400, "STEPWELL_INVALID_REQUEST", "not JSON"],
    ["that is empty", post("events", ""), 400, "STEPWELL_INVALID_REQUEST", "not JSON"],
    ["that is not UTF-8", post("events", new Uint8Array([34, 255, 34])), 400, "STEPWELL_INVALID_REQUEST", "UTF-8"],
    [
      "of another type",
      post("events", "a=b", { "content-type": "text/plain" }),
      415,
      "STEPWELL_INVALID_REQUEST",
      "text/plain",
    ],
    ["of many events", post("events", [EVENT, EVENT, EVENT]), 413, "STEPWELL_INVALID_REQUEST", "3 events"],
    ["that is large by its head", post("events", "x".repeat(2_001)), 413, "STEPWELL_INVALID_REQUEST", "2000 bytes"],
    ["that is large all the same", streamed(3_000), 413, "STEPWELL_INVALID_REQUEST", "2000 bytes"],
    ["with an event of another name", post("events", { name: "bank/a" }), 403, "STEPWELL_FORBIDDEN", "bank/a"],
  ])("%s says why", async (_, request, status, code, part) => {
    const { door, client } = open({ limits: { events: 2, bodyBytes: 2_000 }, events: ["shop/*"] });
    const answer = await read(await door(request));
    expect(answer).toMatchObject({ status, body: { error: { code, message: expect.stringContaining(part) } } });
    expect([client.sent, client.invoked]).toEqual([[], []]);
  });

  it("says which method there is", async () => {
    const response = await open().door(new Request(`${URL_OF_DOOR}/events`, { method: "DELETE" }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it.each<[string, Error, number, string]>([
    ["a bad event", new StepwellError("STEPWELL_INVALID_EVENT", "events[1]: name"), 400, "events[1]: name"],
    ["a large event", new StepwellError("STEPWELL_EVENT_TOO_LARGE", "33 MB"), 413, "33 MB"],
    ["a bus that is away", new StepwellError("STEPWELL_SEND_FAILED", "arn:aws:iam::1234"), 503, "same request again"],
    ["no engine", new StepwellError("STEPWELL_NO_ENGINE", "STEPWELL_ENGINE"), 503, "same request again"],
    ["anything else", new Error("password"), 500, "The door's log says why"],
  ])("because of %s has a status, and tells only what is the caller's", async (_, error, status, part) => {
    const client = { ...fakeClient(), send: () => Promise.reject(error) };
    const { door, lines } = open({ client });
    const answer = await read(await door(post("events", EVENT)));
    expect(answer).toMatchObject({ status, body: { error: { message: expect.stringContaining(part) } } });
    expect(JSON.stringify(answer)).not.toMatch(/arn:|password|STEPWELL_ENGINE/);
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(status >= 500 ? 1 : 0);
  });

  it("because too many are under way may come again, and is taken when those are done", async () => {
    const fake = fakeClient();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const client = { ...fake, send: (events: unknown) => held.then(() => fake.send(events)) };
    const { door } = open({ client, limits: { inFlight: 1 } });
    const first = door(post("events", EVENT));
    const second = await door(post("events", EVENT));
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
    release();
    expect((await first).status).toBe(200);
    expect((await door(post("events", EVENT))).status).toBe(200);
  });
});

describe("where a door is", () => {
  it("is under its path, and nowhere else", async () => {
    const { door } = open({ path: "/api/stepwell/" });
    expect((await door(post("api/stepwell/events", EVENT))).status).toBe(200);
    for (const path of ["events", "api/events", "api/stepwellevents", "x/api/stepwell/events"])
      expect((await door(post(path, EVENT))).status).toBe(404);
  });

  it("takes a content type with its parameters", async () => {
    const request = post("events", EVENT, { "content-type": "Application/JSON; charset=utf-8" });
    expect((await open().door(request)).status).toBe(200);
  });
});

describe("web pages", () => {
  const from = (origin: string, method = "POST") =>
    new Request(`${URL_OF_DOOR}/events`, {
      method,
      headers: { "content-type": "application/json", origin },
      ...(method === "POST" && { body: JSON.stringify(EVENT) }),
    });

  it("of other origins are refused", async () => {
    const { door, client } = open();
    for (const origin of ["https://evil.example", "null", "https://shop.example.evil.example"]) {
      const response = await door(from(origin));
      expect(response.status).toBe(403);
      expect(response.headers.has("access-control-allow-origin")).toBe(false);
      expect((await door(from(origin, "OPTIONS"))).status).toBe(403);
    }
    expect(client.sent).toEqual([]);
  });

  it("of the door's own host are not", async () => {
    expect((await open().door(from("http://shop.example"))).status).toBe(200);
  });

  it("of an origin that is allowed may read the answer, also when it is a refusal", async () => {
    const { door } = open({ origins: ["https://app.example"] });
    const asked = await door(from("https://app.example", "OPTIONS"));
    expect([asked.status, asked.headers.get("access-control-allow-methods")]).toEqual([204, "POST"]);
    for (const response of [await door(from("https://app.example")), await door(withOrigin("{oops"))]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
      expect(response.headers.get("vary")).toBe("Origin");
    }
  });

  const withOrigin = (body: string) => post("events", body, { origin: "https://app.example" });
});

describe("options", () => {
  const client = fakeClient();
  const auth = { secrets: [SECRET] };

  it.each<[string, unknown, string]>([
    ["none", undefined, "httpDoor: takes"],
    ["no client", { auth }, "httpDoor: client"],
    ["no auth", { client }, "httpDoor: auth"],
    ["an unknown auth", { client, auth: "basic" }, "httpDoor: auth"],
    ["no secrets", { client, auth: { secrets: [] } }, "httpDoor: auth.secrets"],
    ["a short secret", { client, auth: { secrets: ["x".repeat(31)] } }, "httpDoor: auth.secrets"],
    [
      "a long window",
      { client, auth: { secrets: [SECRET], toleranceSeconds: 3_601 } },
      "httpDoor: auth.toleranceSeconds",
    ],
    ["an unknown option", { client, auth, cors: "*" }, 'there is no option "cors"'],
    ["a path without a slash", { client, auth, path: "api" }, "httpDoor: path"],
    ["events that are no list", { client, auth, events: "shop/*" }, "httpDoor: events"],
    ["an event that is no name", { client, auth, events: ["a", 7] }, "httpDoor: events[1]"],
    ["a function that is none", { client, auth, functions: ["ship"] }, "httpDoor: functions[0]"],
    ["two functions of one id", { client, auth, functions: [{ id: "a" }, { id: "a" }] }, "httpDoor: functions"],
    ["webhooks in a list", { client, auth, webhooks: [] }, "httpDoor: webhooks"],
    ["a webhook's name with a slash", { client, auth, webhooks: { "a/b": {} } }, "httpDoor: webhooks"],
    ["a webhook without verify", { client, auth, webhooks: { a: { transform: () => null } } }, "webhooks.a.verify"],
    ["a webhook without transform", { client, auth, webhooks: { a: { verify: "none" } } }, "webhooks.a.transform"],
    ["any origin", { client, auth, origins: ["*"] }, "httpDoor: origins[0]"],
    ["an origin with a path", { client, auth, origins: ["https://a.example/"] }, "httpDoor: origins[0]"],
    ["no limit", { client, auth, limits: { bodyBytes: 0 } }, "httpDoor: limits.bodyBytes"],
    ["half an event", { client, auth, limits: { events: 1.5 } }, "httpDoor: limits.events"],
    ["an unknown limit", { client, auth, limits: { rate: 1 } }, '"rate"'],
    ["a logger without methods", { client, auth, logger: {} }, "httpDoor: logger"],
  ])("are checked: %s", (_, options, part) => {
    const make = () => httpDoor(options as never);
    expect(make).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_OPTION" }));
    expect(make).toThrow(part);
  });

  it("that leave a door open are said in the log", () => {
    const webhooks = { shop: { verify: "none", transform: () => null } };
    expect(openDoor({ webhooks }).lines).toMatchObject([{ level: "warn", fields: { webhook: "shop" } }]);
    expect(openDoor({ auth: "none" }).lines).toMatchObject([{ level: "warn", text: expect.stringContaining("auth") }]);
    expect(openDoor({ auth: "iam", webhooks }).lines).toEqual([]);
  });
});
