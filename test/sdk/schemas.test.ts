import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import { CreatedEvent, EventSchemaError, EventSchemas, eventType, Stepwell, staticSchema } from "stepwell";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bindSender, type PreparedEvent } from "../../sdk/client/index.ts";
import { checkAwaited } from "../../sdk/schemas/index.ts";
import { createStepTools } from "../../sdk/steps/index.ts";
import { fakeLedger } from "./fake-run.ts";
import { expectProblem, thrownBy } from "./thrown.ts";

/** A client whose events end up in `sent`. */
function client(schemas?: EventSchemas) {
  const stepwell = new Stepwell({ id: "shop", ...(schemas && { schemas: schemas as never }) });
  const sent: PreparedEvent[] = [];
  bindSender(stepwell, { send: async (_app, events) => void sent.push(...events) });
  return { stepwell, sent, send: (events: unknown) => stepwell.send(events as { name: string }) };
}

const zod = z.object({ sku: z.string(), lines: z.array(z.object({ n: z.number() })) });
const valibot = v.object({ sku: v.string(), lines: v.array(v.object({ n: v.number() })) });
const arktype = type({ sku: "string", lines: type({ n: "number" }).array() });

describe.each<[string, StandardSchemaV1]>([
  ["zod", zod],
  ["valibot", valibot],
  ["arktype", arktype],
])("a schema of %s", (_library, schema) => {
  const good = { sku: "s", lines: [{ n: 1 }] };
  const bad = { sku: "s", lines: [{ n: 1 }, { n: "2" }] };
  const schemas = new EventSchemas().fromSchema({ "a/b": schema });

  test("lets pass what fits", async () => {
    const { send, sent } = client(schemas);
    await send({ name: "a/b", data: good });
    expect(sent.map(({ envelope }) => envelope.data)).toEqual([good]);
  });

  test("stops what does not: a typed error with the path, and nothing is sent", async () => {
    const { send, sent } = client(schemas);
    const code = () =>
      send([
        { name: "a/b", data: good },
        { name: "a/b", data: bad },
      ]);
    await expectProblem(
      code,
      "STEPWELL_SCHEMA_MISMATCH",
      'send: events[1] "a/b"',
      "data.lines[1].n: ",
      "Nothing was sent",
    );
    const error = (await thrownBy(code)) as EventSchemaError;
    expect(error).toBeInstanceOf(EventSchemaError);
    expect(error.issues).toEqual([{ path: "data.lines[1].n", message: expect.any(String) }]);
    expect(sent).toEqual([]);
  });

  test("belongs to an eventType as well", async () => {
    const { send, sent } = client();
    const kind = eventType("a/b", { schema });
    await send(kind.create(good as never));
    await expectProblem(() => send(kind.create(bad as never)), "STEPWELL_SCHEMA_MISMATCH", "data.lines[1].n");
    expect(sent).toHaveLength(1);
  });
});

describe("schemas at send", () => {
  test("judge the JSON that travels, and say so where a Date becomes text", async () => {
    const schemas = new EventSchemas().fromSchema({
      "a/date": z.object({ at: z.date() }),
      "a/coerced": z.object({ at: z.coerce.date() }),
      "a/text": z.object({ at: z.iso.datetime() }),
    });
    const { send, sent } = client(schemas);
    const data = { at: new Date(0) };
    await expectProblem(() => send({ name: "a/date", data }), "STEPWELL_SCHEMA_MISMATCH", "data.at", "a Date is text");
    await send([
      { name: "a/coerced", data },
      { name: "a/text", data },
    ]);
    expect(sent.map(({ envelope }) => envelope.data)).toEqual(Array(2).fill({ at: "1970-01-01T00:00:00.000Z" }));
  });

  test("change nothing: what is transformed, filled in or taken away stays as it was sent", async () => {
    const schema = z.object({ n: z.string().transform(Number), size: z.number().default(1) });
    const { send, sent } = client(new EventSchemas().fromSchema({ "a/b": schema }));
    await send({ name: "a/b", data: { n: "7", more: true } });
    expect(sent[0]?.envelope.data).toEqual({ n: "7", more: true });
  });

  test("look at the user where they have a schema for it, also when there is none", async () => {
    const fields = { data: z.object({ n: z.number() }), user: z.object({ id: z.string() }) };
    const { send } = client(new EventSchemas().fromSchema({ "a/b": fields }));
    await send({ name: "a/b", data: { n: 1 }, user: { id: "u" } });
    await expectProblem(() => send({ name: "a/b", data: { n: 1 } }), "STEPWELL_SCHEMA_MISMATCH", "user: ");
    const both = { name: "a/b", data: {}, user: { id: 1 } };
    await expectProblem(() => send(both), "STEPWELL_SCHEMA_MISMATCH", "data.n: ", "user.id: ");
  });

  test("take data that was left out for what it is", async () => {
    const schemas = new EventSchemas().fromSchema({
      "a/optional": z.object({ n: z.number() }).optional(),
      "a/required": z.object({ n: z.number() }),
    });
    const { send, sent } = client(schemas);
    await send({ name: "a/optional" });
    expect(sent[0]?.envelope.data).toEqual({});
    await expectProblem(() => send({ name: "a/required" }), "STEPWELL_SCHEMA_MISMATCH", "data.n");
    await expectProblem(() => send({ name: "a/optional", data: { n: "1" } }), "STEPWELL_SCHEMA_MISMATCH", "data.n");
  });

  test("show five issues, and keep them all", async () => {
    const schema = z.object(Object.fromEntries(Array.from("abcdefg", (key) => [key, z.string()])));
    const { send } = client(new EventSchemas().fromSchema({ "a/b": schema }));
    const error = (await thrownBy(() => send({ name: "a/b" }))) as EventSchemaError;
    expect(error.issues.map(({ path }) => path)).toEqual(Array.from("abcdefg", (key) => `data.${key}`));
    expect(error.message).toContain("data.e: ");
    expect(error.message).toContain("; and 2 more. Nothing was sent.");
  });

  test("write odd keys so that they can be told apart", async () => {
    const schema = z.record(z.string(), z.number());
    const { send } = client(new EventSchemas().fromSchema({ "a/b": schema }));
    await expectProblem(() => send({ name: "a/b", data: { "a.b": "x" } }), "STEPWELL_SCHEMA_MISMATCH", 'data["a.b"]: ');
  });

  test("may be asynchronous; an error of their own goes through", async () => {
    const down = new Error("the catalogue is down");
    const schema: StandardSchemaV1 = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) => {
          const { sku } = value as { sku: string };
          if (sku === "down") throw down;
          return sku === "known" ? { value } : { issues: [{ message: "unknown", path: [{ key: "sku" }] }] };
        },
      },
    };
    const { send, sent } = client(new EventSchemas().fromSchema({ "a/b": schema }));
    await send({ name: "a/b", data: { sku: "known" } });
    await expectProblem(
      () => send({ name: "a/b", data: { sku: "x" } }),
      "STEPWELL_SCHEMA_MISMATCH",
      "data.sku: unknown",
    );
    expect(await thrownBy(() => send({ name: "a/b", data: { sku: "down" } }))).toBe(down);
    expect(sent).toHaveLength(1);
  });
});

describe("stacked sources", () => {
  const strict = z.object({ n: z.number() });

  test("are all asked; of two schemas of one name the later is", async () => {
    const schemas = new EventSchemas()
      .fromSchema({ "a/first": strict, "a/twice": strict })
      .fromRecord<{ "a/typed": { data: { n: number } } }>()
      .fromSchema({ "a/twice": z.object({ s: z.string() }) })
      .fromUnion<{ name: "a/union"; data: { n: number } }>();
    const { send } = client(schemas as never);
    await expectProblem(() => send({ name: "a/first" }), "STEPWELL_SCHEMA_MISMATCH", "data.n");
    await expectProblem(() => send({ name: "a/twice", data: { n: 1 } }), "STEPWELL_SCHEMA_MISMATCH", "data.s");
    await send([{ name: "a/typed" }, { name: "a/union" }, { name: "a/unknown" }]);
  });

  test("with `validate: false` are for the compiler only, and take back an earlier schema", async () => {
    const schemas = new EventSchemas()
      .fromSchema({ "a/loose": strict }, { validate: false })
      .fromSchema({ "a/back": strict })
      .fromSchema({ "a/back": strict }, { validate: false });
    await client(schemas as never).send([{ name: "a/loose" }, { name: "a/back" }]);
  });

  test("leave the sources that they are stacked on as they were", async () => {
    const base = new EventSchemas();
    base.fromSchema({ "a/b": strict });
    await client(base).send({ name: "a/b" });
  });
});

describe("an eventType", () => {
  const placed = eventType("shop/placed", { schema: z.object({ id: z.string() }), version: "2" });

  test("creates events that are plain to look at", () => {
    const event = placed.create({ id: "o1" }, { id: "e1", ts: 5, user: { id: "u" } });
    expect(event).toBeInstanceOf(CreatedEvent);
    expect(JSON.parse(JSON.stringify(event))).toEqual({
      name: "shop/placed",
      data: { id: "o1" },
      v: "2",
      id: "e1",
      ts: 5,
      user: { id: "u" },
    });
    expect(placed.create({ id: "o1" }, { v: "3" }).v).toBe("3");
    expect(Object.keys(eventType("a/b").create())).toEqual(["name", "data"]);
  });

  test("asks its schema at send, also when the event was spread into another object", async () => {
    const { send, sent } = client();
    const bad = placed.create({ id: 1 as never });
    await expectProblem(() => send(bad), "STEPWELL_SCHEMA_MISMATCH", 'send "shop/placed"', "data.id");
    await expectProblem(() => send([{ ...bad, ts: 5 }]), "STEPWELL_SCHEMA_MISMATCH", "data.id");
    await send(placed.create({ id: "o1" }));
    expect(sent).toMatchObject([{ name: "shop/placed", envelope: { data: { id: "o1" }, version: "2" } }]);
  });

  test("and before, by validate()", async () => {
    await placed.create({ id: "o1" }).validate();
    await eventType("a/b").create().validate();
    const code = () => placed.create({} as never).validate();
    await expectProblem(code, "STEPWELL_SCHEMA_MISMATCH", 'the event "shop/placed"', "data.id");
  });

  test("counts before the client's schema of the same name", async () => {
    const { send } = client(new EventSchemas().fromSchema({ "shop/placed": z.object({ other: z.string() }) }) as never);
    await send(placed.create({ id: "o1" }));
    await expectProblem(
      () => send({ name: "shop/placed", data: { id: "o1" } }),
      "STEPWELL_SCHEMA_MISMATCH",
      "data.other",
    );
  });

  test("with a static schema, or none, lets everything pass", async () => {
    const { send, sent } = client();
    await send(eventType("a/b", { schema: staticSchema<{ n: number }>() }).create({ n: "x" as never }));
    await send(eventType("a/b").create({ any: "thing" }));
    expect(sent).toHaveLength(2);
  });

  test("is a trigger by itself and in `event`, a wildcard too", () => {
    const { stepwell } = client();
    const fn = stepwell.createFunction(
      { id: "f", triggers: [placed, { event: placed, if: "event.data.id != ''" }, eventType("shop/*")] },
      () => {},
    );
    expect(fn.manifest.triggers).toEqual([
      { kind: "event", event: "shop/placed" },
      { kind: "event", event: "shop/placed", if: "event.data.id != ''" },
      { kind: "event", event: "shop/*" },
    ]);
  });

  test("that is a wildcard creates no events, and is not waited for", async () => {
    const all = eventType("shop/*");
    await expectProblem(() => all.create(), "STEPWELL_INVALID_EVENT", 'eventType("shop/*").create');
    const step = createStepTools(fakeLedger().ledger, "shop");
    const code = () => step.waitForEvent("x", { event: all, timeout: 1 });
    await expectProblem(code, "STEPWELL_INVALID_STEP", "event");
  });
});

test("a wait for an event without a schema hands on the very promise of the ledger", () => {
  const promise = new Promise<unknown>(() => {});
  const step = createStepTools({ ask: () => promise }, "shop");
  expect(step.waitForEvent("x", { event: "a/b", timeout: 1 })).toBe(promise);
  expect(step.waitForEvent("x", { event: eventType("a/b"), timeout: 1 })).toBe(promise);
});

test("of several events that a step waits for, the one that arrived is judged by its own schema", async () => {
  const [one, two] = [eventType("a/one", { schema: z.object({ n: z.number() }) }), eventType("a/two")];
  const wait = (name: string, data: object) => {
    const event = ["a/three", { event: one, match: "data.id" }, two];
    return checkAwaited(Promise.resolve({ name, data, id: "e1" }), { event, schemas: undefined, where: "wait" });
  };
  expect(await wait("a/one", { n: 1 })).toMatchObject({ id: "e1" });
  expect(await wait("a/two", { n: "1" })).toMatchObject({ id: "e1" });
  await expectProblem(
    () => wait("a/one", { n: "1" }),
    "STEPWELL_SCHEMA_MISMATCH",
    'wait: the event "a/one" (e1)',
    "data.n",
  );
});

describe("refused at definition, by name,", () => {
  const from = (schemas: unknown, options?: unknown) => () =>
    new EventSchemas().fromSchema(schemas as never, options as never);
  const make = (name: unknown, options?: unknown) => () => eventType(name as "a/b", options as never);

  test.each<[string, () => unknown, "STEPWELL_INVALID_OPTION" | "STEPWELL_INVALID_EVENT", string[]]>([
    ["no record", from(undefined), "STEPWELL_INVALID_OPTION", ["EventSchemas.fromSchema", "undefined"]],
    ["a schema without a name", from(zod), "STEPWELL_INVALID_OPTION", ["EventSchemas.fromSchema"]],
    ["no schema", from({ "a/b": 5 }), "STEPWELL_INVALID_OPTION", ['fromSchema: "a/b": ', "Standard Schema", "5"]],
    ["fields without data", from({ "a/b": { user: zod } }), "STEPWELL_INVALID_OPTION", ['"a/b".data']],
    ["a user that is none", from({ "a/b": { data: zod, user: 1 } }), "STEPWELL_INVALID_OPTION", ['"a/b".user']],
    ["another field", from({ "a/b": { data: zod, meta: zod } }), "STEPWELL_INVALID_OPTION", ['"meta"']],
    ["a reserved name", from({ "stepwell/x": zod }), "STEPWELL_INVALID_EVENT", ["stepwell/x"]],
    ["an empty name", from({ "": zod }), "STEPWELL_INVALID_EVENT", ["empty"]],
    ["odd options", from({ "a/b": zod }, true), "STEPWELL_INVALID_OPTION", ["{ validate? }"]],
    ["an unknown option", from({ "a/b": zod }, { check: 1 }), "STEPWELL_INVALID_OPTION", ['"check"']],
    [
      "an odd validate",
      from({ "a/b": zod }, { validate: 1 }),
      "STEPWELL_INVALID_OPTION",
      ["validate: ", "true or false"],
    ],
    ["an eventType without a name", make(undefined), "STEPWELL_INVALID_EVENT", ["eventType: name"]],
    ["one with a bad wildcard", make("a/*/b"), "STEPWELL_INVALID_EVENT", ["eventType: name", "at the end"]],
    ["one of the engine's events", make("stepwell/function.failed"), "STEPWELL_INVALID_EVENT", ["stepwell/"]],
    [
      "one with a schema as options",
      make("a/b", zod),
      "STEPWELL_INVALID_OPTION",
      ['eventType("a/b")', "there is no option"],
    ],
    ["one with no schema", make("a/b", { schema: {} }), "STEPWELL_INVALID_OPTION", ['eventType("a/b"): schema.data']],
    ["one with an odd version", make("a/b", { version: 2 }), "STEPWELL_INVALID_OPTION", ["version", "2"]],
    ["one with odd options", make("a/b", 5), "STEPWELL_INVALID_OPTION", ["{ schema?, version? }"]],
  ])("%s", async (_what, code, expected, parts) => {
    await expectProblem(code, expected, ...parts);
  });

  test("options of create, and a client's schemas that are none", async () => {
    const create = (options: unknown) => () => eventType("a/b").create({}, options as object);
    await expectProblem(create(5), "STEPWELL_INVALID_OPTION", "create", "{ id?, ts?, v?, user? }");
    await expectProblem(create({ name: "x" }), "STEPWELL_INVALID_OPTION", "create", '"name"');
    const build = () => new Stepwell({ id: "a", schemas: { "a/b": zod } as never });
    await expectProblem(build, "STEPWELL_INVALID_CLIENT", "new Stepwell: schemas", "EventSchemas");
  });
});
