import { describe, expect, test } from "vitest";
import { checkEvents } from "../../sdk/client/index.ts";
import { EVENT_BYTES_MAX } from "../../sdk/protocol/index.ts";
import { expectProblem } from "./thrown.ts";

describe("an outgoing event", () => {
  test("is copied as the JSON that will arrive", () => {
    const data = {
      at: new Date(0),
      url: new URL("https://a.b/"),
      gone: undefined,
      list: [undefined, 1],
      map: new Map([[1, 2]]),
      n: Number.NaN,
    };
    const [event] = checkEvents({ name: "a/b", data, user: { at: new Date(0) }, id: undefined }, "send");
    expect(event).toEqual({
      name: "a/b",
      data: { at: "1970-01-01T00:00:00.000Z", url: "https://a.b/", list: [null, 1], map: {}, n: null },
      user: { at: "1970-01-01T00:00:00.000Z" },
    });
    const same = { x: 1 };
    const [copied] = checkEvents({ name: "a/b", data: { a: same, b: same } }, "send");
    same.x = 2;
    expect(copied?.data).toEqual({ a: { x: 1 }, b: { x: 1 } });
  });

  test("may be alone, several, or none", () => {
    expect(checkEvents({ name: "a" }, "send")).toEqual([{ name: "a", data: {} }]);
    expect(checkEvents([{ name: "a" }, { name: "b" }], "send").map((event) => event.name)).toEqual(["a", "b"]);
    expect(checkEvents([], "send")).toEqual([]);
  });

  test("may be as large as the limit", () => {
    const text = "x".repeat(EVENT_BYTES_MAX - '{"t":""}'.length - "a".length);
    expect(checkEvents({ name: "a", data: { t: text } }, "send")).toHaveLength(1);
  });

  const circle: { up: unknown[] } = { up: [] };
  circle.up.push(circle);
  const hostile = {
    get secret() {
      throw new Error("hands off");
    },
  };
  const deep = () => {
    let value: object = {};
    for (let level = 0; level < 100_000; level += 1) value = { value };
    return value;
  };
  test.each<[string, unknown, string[]]>([
    ["that is no object", "a/b", ["object"]],
    ["that is null", null, ["object"]],
    ["without a name", { data: {} }, ["name"]],
    ["with a name that is no string", { name: 5 }, ["name", "5"]],
    ["with an empty name", { name: "" }, ["name", "empty"]],
    ["with a long name", { name: "x".repeat(129) }, ["name", "128"]],
    ["with a wildcard", { name: "a/*" }, ["name", "*"]],
    ["with a reserved name", { name: "stepwell/function.failed" }, ["name", '"stepwell/"']],
    ["with an unknown field", { name: "a/b", payload: 1 }, ['"a/b"', '"payload"']],
    ["whose data is a list", { name: "a/b", data: [1] }, ['"a/b": data']],
    ["whose data is text", { name: "a/b", data: "x" }, ["data"]],
    ["whose data is null", { name: "a/b", data: null }, ["data"]],
    ["with a BigInt", { name: "a/b", data: { a: [{ n: 5n }] } }, ["data.a[0].n", "5n"]],
    ["with a function", { name: "a/b", data: { f: () => 1 } }, ["data.f", "function"]],
    ["with a symbol", { name: "a/b", data: { s: Symbol("s") } }, ["data.s", "symbol"]],
    ["with a circle", { name: "a/b", data: { circle } }, ["data.circle.up[0]", "circle"]],
    ["with a getter that throws", { name: "a/b", data: { hostile } }, ["data.hostile.secret", "hands off"]],
    [
      "with an invalid Date's toJSON that throws",
      { name: "a/b", data: { x: { toJSON: () => hostile.secret } } },
      ["data.x"],
    ],
    ["with data too deep", { name: "a/b", data: deep() }, ["data", "deep"]],
    ["with a user that is no object", { name: "a/b", user: "u" }, ["user"]],
    ["with a BigInt in user", { name: "a/b", user: { n: 1n } }, ["user.n"]],
    ["with an empty id", { name: "a/b", id: "" }, ["id"]],
    ["with a long id", { name: "a/b", id: "x".repeat(129) }, ["id", "128"]],
    ["with an id that is no string", { name: "a/b", id: 5 }, ["id"]],
    ["with a ts that is no number", { name: "a/b", ts: "now" }, ["ts"]],
    ["with a ts that is not finite", { name: "a/b", ts: Number.NaN }, ["ts"]],
    ["with a ts beyond all dates", { name: "a/b", ts: 1e300 }, ["ts"]],
    ["with a version that is no string", { name: "a/b", v: 2 }, ["v"]],
  ])("%s is refused by name", async (_what, event, parts) => {
    await expectProblem(() => checkEvents(event, "send"), "STEPWELL_INVALID_EVENT", "send", ...parts);
    await expectProblem(
      () => checkEvents([{ name: "ok" }, event], "send"),
      "STEPWELL_INVALID_EVENT",
      "events[1]",
      ...parts,
    );
  });

  test("that is too large is refused with its size", async () => {
    const event = { name: "a/b", data: { t: "x".repeat(EVENT_BYTES_MAX) } };
    await expectProblem(() => checkEvents(event, "send"), "STEPWELL_EVENT_TOO_LARGE", '"a/b"', String(EVENT_BYTES_MAX));
    const user = { name: "a/b", user: { t: "ä".repeat(EVENT_BYTES_MAX / 2) } };
    await expectProblem(() => checkEvents(user, "send"), "STEPWELL_EVENT_TOO_LARGE");
  });
});
