import middy from "@middy/core";
import { EventSchemas, Stepwell } from "stepwell";
import { type OutboxContext, outbox } from "stepwell/lambda";
import { expect, expectTypeOf, it } from "vitest";
import { open } from "./app.ts";

const schemas = new EventSchemas().fromRecord<{ "shop/placed": { data: { id: string } } }>();

interface Request {
  readonly key?: string;
  readonly ids: readonly string[];
  readonly fails?: true;
}

/** A handler of an app's own, and the runs that its events start. */
async function api() {
  const client = new Stepwell({ id: "shop", schemas });
  const fn = client.createFunction({ id: "placed" }, { event: "shop/placed" }, ({ event }) => event.data.id);
  const { cloud } = await open(client, [fn]);
  const handle = async ({ ids, fails }: Request, { stepwell }: OutboxContext<typeof client>) => {
    for (const id of ids) stepwell.send({ name: "shop/placed", data: { id } });
    if (fails) throw new Error("after the fact");
    return "answered";
  };
  const handler = middy(handle).use(outbox({ client, idempotencyKey: (event: Request) => event.key }));
  const outputs = async () => {
    await cloud.passTime("1m");
    const runs = await cloud.runs();
    return (await Promise.all(runs.map(({ id }) => cloud.waitForRun(id)))).map(({ output }) => output).sort();
  };
  return { handler: (event: Request) => handler(event, { getRemainingTimeInMillis: () => 3_000 }), outputs, client };
}

it("events are sent when the handler has ended well", async () => {
  const { handler, outputs } = await api();
  expect(await handler({ ids: ["a", "b"] })).toBe("answered");
  expect(await outputs()).toEqual(["a", "b"]);
});

it("a handler that throws has sent nothing", async () => {
  const { handler, outputs } = await api();
  await expect(handler({ ids: ["a"], fails: true })).rejects.toThrow("after the fact");
  expect(await outputs()).toEqual([]);
});

it("a request that is delivered twice sends once, if it has a key", async () => {
  const { handler, outputs } = await api();
  await handler({ ids: ["a", "b"], key: "request-1" });
  await handler({ ids: ["a", "b"], key: "request-1" });
  await handler({ ids: ["c"] });
  await handler({ ids: ["c"] });
  expect(await outputs()).toEqual(["a", "b", "c", "c"]);
});

it("a send that fails fails the invocation", async () => {
  const { handler } = await api();
  await expect(handler({ ids: [1n as never] })).rejects.toMatchObject({ code: "STEPWELL_INVALID_EVENT" });
});

it.each<[string, object]>([
  ["client", { client: {} }],
  ["idempotencyKey", { client: { send: async () => ({ ids: [] }) }, idempotencyKey: "x" }],
])("a wrong option is refused by its path: %s", (name, options) => {
  const make = () => outbox(options as never);
  expect(make).toThrow(`outbox: ${name}`);
  expect(make).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_OPTION" }));
});

it("events are typed by the client's schemas", async () => {
  const { client } = await api();
  type Send = OutboxContext<typeof client>["stepwell"]["send"];
  expectTypeOf<{ name: "shop/placed"; data: { id: string } }>().toExtend<Parameters<Send>[0]>();
  expectTypeOf<{ name: "shop/other"; data: object }>().not.toExtend<Parameters<Send>[0]>();
});
