import { EventSchemas, Stepwell } from "stepwell";
import { type LocalCloud, type LocalOptions, startLocal } from "stepwell/local";
import { describe, expectTypeOf, test } from "vitest";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

const typed = new Stepwell({
  id: "typed",
  schemas: new EventSchemas().fromRecord<{
    "a/full": { data: { sku: string; at: Date }; user?: { id: string } };
    "a/none": Record<never, never>;
    "a/undefined": { data: undefined };
    "a/maybe": { data?: { a: string } };
  }>(),
});
const untyped = new Stepwell({ id: "untyped" });
const functions = [typed.createFunction({ id: "one" }, { event: "a/full" }, ({ event }) => event.data)];

describe("the local cloud's send", () => {
  test("knows the events of a client with schemas", () => {
    compiled(async () => {
      const cloud = await startLocal({ client: typed, functions, clock: "virtual" });
      expectTypeOf(await cloud.send({ name: "a/none" })).toEqualTypeOf<{ ids: string[] }>();
      await cloud.send({ name: "a/full", data: { sku: "s", at: new Date() }, user: { id: "u" } });
      await cloud.send([{ name: "a/undefined" }, { name: "a/maybe" }, { name: "a/maybe", data: { a: "a" } }]);
      // @ts-expect-error: unknown name
      await cloud.send({ name: "typo" });
      // @ts-expect-error: unknown name
      await cloud.send([{ name: "a/none" }, { name: "typo" }]);
      // @ts-expect-error: data is required
      await cloud.send({ name: "a/full" });
      // @ts-expect-error: a field of another type
      await cloud.send({ name: "a/maybe", data: { a: 1 } });
    });
  });

  test("is free for a client without", () => {
    compiled(async () => {
      const cloud = await startLocal({ client: untyped, functions: [] });
      await cloud.send({ name: "what/ever", data: { any: "thing" } });
      await cloud.send([{ name: "what/ever" }, { name: "else" }]);
      // @ts-expect-error: a name is required
      await cloud.send({ data: {} });
    });
  });
});

describe("an app that is given by its entry", () => {
  test("has a process, and takes any event", () => {
    compiled(async () => {
      const cloud = await startLocal({ entry: "./app.ts", dataDir: ".data", env: { STAGE: "dev" } });
      expectTypeOf(cloud.app.pid).toEqualTypeOf<number | undefined>();
      await cloud.send({ name: "what/ever", data: { any: "thing" } });
    });
  });

  test("has neither functions beside it nor another clock than the machine's", () => {
    compiled(() => {
      // @ts-expect-error: a virtual clock
      startLocal({ entry: "./app.ts", clock: "virtual" });
      // @ts-expect-error: functions too
      startLocal({ entry: "./app.ts", client: typed, functions });
    });
  });
});

describe("types that users name", () => {
  test("LocalCloud and LocalOptions stand for any client's, with nothing between <>", () => {
    compiled(async () => {
      let cloud: LocalCloud = await startLocal({ client: typed, functions });
      cloud = await startLocal({ client: untyped, functions });
      await cloud.send({ name: "what/ever" });
      const options: LocalOptions = { client: typed, functions };
      const free = await startLocal(options);
      await free.send({ name: "what/ever", data: { any: "thing" } });
      const partly: Partial<LocalOptions> = { clock: "virtual" };
      const spread = await startLocal({ client: typed, functions, ...partly, clock: "virtual" });
      await spread.send({ name: "what/ever" });
      const helper = (given: Pick<LocalCloud, "send" | "runsOf">) => given.send({ name: "x" });
      await helper(await startLocal({ client: typed, functions }));
    });
  });

  test("a client is required", () => {
    compiled(() => {
      // @ts-expect-error: no client
      startLocal({ functions });
      // @ts-expect-error: no client
      startLocal({ client: { id: "x" }, functions });
      // @ts-expect-error: no functions of Stepwell
      startLocal({ client: typed, functions: [() => {}] });
    });
  });
});
