import { randomBytes } from "node:crypto";
import { type AnyMiddleware, type RunView, Stepwell } from "stepwell";
import { type DataKeyProvider, type EncryptionOptions, encryptionMiddleware, kmsKeys } from "stepwell/middleware";
import { describe, expect, it } from "vitest";
import { unseal } from "../../middleware/encryption/cipher.ts";
import { checkKeys } from "../../middleware/encryption/keys.ts";
import { open } from "./app.ts";

const SECRET = "4111 1111 1111 1111";
const key = (byte: number) => Buffer.alloc(32, byte);

/** A parent that has something to hide in each kind of step, its child, and what is left of a failure. */
function shop(
  middleware: readonly AnyMiddleware[],
  events: object = { data: { id: "o1", encrypted: { card: SECRET } } },
) {
  const client = new Stepwell({ id: "shop", middleware });
  const seen: unknown[] = [];
  const child = client.createFunction({ id: "child" }, { event: "shop/child" }, ({ event }) => ({ echo: event.data }));
  const parent = client.createFunction({ id: "parent" }, { event: "shop/parent" }, async ({ event, step }) => {
    const ran = await step.run("run", () => ({ card: SECRET }));
    const nothing = await step.run("nothing", () => undefined);
    const echo = await step.invoke("invoke", { function: child, data: { encrypted: { card: SECRET } } });
    const told = await step.waitForEvent("wait", { event: "shop/told", match: "data.id", timeout: "1d" });
    await step.sendEvent("send", { name: "shop/seen", data: { encrypted: SECRET } });
    seen.push({ event: event.data, ran, nothing, echo, told: told?.data });
    await step.sleep("rest", "1h");
    return seen.at(-1);
  });
  return { client, functions: [parent, child], seen, events };
}

async function play(options: EncryptionOptions): Promise<{ run: RunView; seen: unknown[]; stored: string }> {
  const { client, functions, seen, events } = shop([encryptionMiddleware(options)]);
  const { cloud } = await open(client, functions);
  const { ids } = await client.send({ name: "shop/parent", ...events });
  await cloud.passTime("1m");
  await client.send({ name: "shop/told", ...events });
  const [run] = await cloud.runsOf(ids[0]);
  const ended = await cloud.waitForRun(run?.id);
  return { run: ended, seen, stored: JSON.stringify([ended, ...(await cloud.runs())]) };
}

const plain = {
  event: { id: "o1", encrypted: { card: SECRET } },
  ran: { card: SECRET },
  nothing: null,
  echo: { echo: { encrypted: { card: SECRET } } },
  told: { id: "o1", encrypted: { card: SECRET } },
};

describe("encryption", () => {
  it("hides what is stored and sent, and the code sees it plain, live and replayed", async () => {
    const { run, seen, stored } = await play({ keys: [key(1)] });
    expect(run.status).toBe("completed");
    expect(seen).toEqual([plain, plain]);
    expect(stored).not.toContain(SECRET);
    expect(Object.keys(run.output as object)).toEqual(["stepwell.encrypted"]);
    // What is not encrypted can be matched by: the wait has found its event.
    expect(run.steps.find(({ id }) => id === "wait")?.output).toMatchObject({ data: { id: "o1" } });
  });

  it("of all data leaves nothing to match by: the wait is over at its timeout", async () => {
    const { run, seen } = await play({ keys: [key(1)], events: "data" });
    expect(run.status).toBe("completed");
    expect(seen).toEqual([
      { ...plain, told: undefined },
      { ...plain, told: undefined },
    ]);
  });

  it("can be of another field, of events alone, or of results alone", async () => {
    const field = await play({ keys: [key(1)], events: { field: "other" }, results: false });
    expect(field.stored).toContain(SECRET);
    const results = await play({ keys: [key(1)], events: "nothing" });
    expect(results.seen).toEqual([plain, plain]);
    expect(JSON.stringify(results.run.output)).not.toContain(SECRET);
  });

  it.each([true, false, { bufferedSteps: 10 }])("is the same with `checkpointing: %j`", async (checkpointing) => {
    const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys: [key(1)] })], checkpointing });
    const fn = client.createFunction({ id: "fn" }, { event: "shop/go" }, async ({ step }) => {
      const seen: unknown[] = [];
      for (const id of ["a", "b", "c"]) seen.push(await step.run(id, () => `${SECRET} ${id}`));
      await step.sleep("rest", "1h");
      return (
        (await step.run("d", () => seen.length)) === 3 &&
        seen.join() === ["a", "b", "c"].map((id) => `${SECRET} ${id}`).join()
      );
    });
    const { finish, cloud } = await open(client, [fn]);
    const run = await finish("shop/go");
    expect(run.status).toBe("completed");
    expect(JSON.stringify(await cloud.run(run.id))).not.toContain(SECRET);
    const sealed = run.output as { "stepwell.encrypted": string };
    expect(await unseal(sealed, asProvider([key(1)]))).toBe(true);
  });

  it("is undone in what onFailure gets of the run that has failed", async () => {
    const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys: [key(1)], events: "data" })] });
    const seen: unknown[] = [];
    const fn = client.createFunction(
      {
        id: "fails",
        retries: 0,
        onFailure: ({ event }) => void seen.push([event.data.event.data, event.data.events.length]),
      },
      { event: "shop/fails" },
      () => {
        throw new Error("no");
      },
    );
    const { finish, cloud } = await open(client, [fn]);
    await finish("shop/fails", { card: SECRET });
    await cloud.passTime("1m");
    expect(seen).toEqual([[{ card: SECRET }, 1]]);
  });
});

describe("keys", () => {
  const sealed = async (keys: EncryptionOptions["keys"], opened: EncryptionOptions["keys"]) => {
    let current = keys;
    const provider: DataKeyProvider = {
      current: () => asProvider(current).current(),
      find: (id) => asProvider(current).find(id),
    };
    const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys: provider })] });
    const fn = client.createFunction({ id: "fn", retries: 1 }, { event: "shop/go" }, async ({ step }) => {
      await step.run("secret", () => SECRET);
      await step.sleep("rest", "1d");
      return step.run("again", () => SECRET);
    });
    const { cloud } = await open(client, [fn]);
    const { ids } = await client.send({ name: "shop/go", data: {} });
    await cloud.passTime("1m");
    current = opened;
    const [run] = await cloud.runsOf(ids[0]);
    return cloud.waitForRun(run?.id);
  };

  it("may change while a run rests: the first encrypts, all decrypt", async () => {
    const run = await sealed([key(1)], [key(2), key(1)]);
    expect(run.status).toBe("completed");
    const idOf = (step: string) =>
      Object.values(run.steps.find(({ id }) => id === step)?.output as object).map(
        (text) => String(text).split(".")[1],
      );
    expect(idOf("secret")).not.toEqual(idOf("again"));
  });

  it("that are wrong fail the run with a typed error, and the data is still there", async () => {
    const run = await sealed([key(1)], [key(2)]);
    expect(run).toMatchObject({ status: "failed", attempts: 2, error: { code: "STEPWELL_DECRYPTION_FAILED" } });
    expect(run.steps.map(({ id, status }) => [id, status])).toEqual([
      ["secret", "completed"],
      ["rest", "completed"],
    ]);
  });

  it("do not open what has been changed", async () => {
    const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys: [key(1)], events: "data" })] });
    const fn = client.createFunction({ id: "fn", retries: 0 }, { event: "shop/go" }, ({ event }) => event.data);
    const { cloud } = await open(client, [fn]);
    const forged = { "stepwell.encrypted": "1.abc.AAAA.AAAA.AAAA" };
    const { ids } = await cloud.send({ name: "shop/go", data: forged });
    const [run] = await cloud.runsOf(ids[0]);
    expect(await cloud.waitForRun(run?.id)).toMatchObject({ error: { code: "STEPWELL_DECRYPTION_FAILED" } });
  });

  it.each<[string, unknown, string]>([
    ["none", { keys: [] }, "encryptionMiddleware: keys"],
    ["one that is too short", { keys: [key(1), "short"] }, "encryptionMiddleware: keys[1]"],
    ["no list", { keys: "x" }, "encryptionMiddleware: keys"],
    ["events", { keys: [key(1)], events: "all" }, "encryptionMiddleware: events"],
    ["results", { keys: [key(1)], results: 1 }, "encryptionMiddleware: results"],
    ["decryptOnly", { keys: [key(1)], decryptOnly: "yes" }, "encryptionMiddleware: decryptOnly"],
    ["an unknown option", { keys: [key(1)], key: "x" }, '"key"'],
  ])("that are wrong are refused: %s", (_, options, part) => {
    const make = () => encryptionMiddleware(options as EncryptionOptions);
    expect(make).toThrow(part);
    expect(make).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_OPTION" }));
  });

  it("may be texts, in hex or base64", async () => {
    const same = [key(7).toString("hex"), key(7).toString("base64"), key(7)];
    const ids = await Promise.all(same.map(async (one) => (await asProvider([one]).current()).id));
    expect(new Set(ids).size).toBe(1);
  });
});

describe("keys of KMS", () => {
  /** A KMS that wraps keys by turning them round, and counts what it is asked. */
  function fakeKms() {
    const calls: string[] = [];
    const client = {
      generateDataKey: async ({ KeyId }: { KeyId: string }) => {
        calls.push(`generate ${KeyId}`);
        const Plaintext = randomBytes(32);
        return { Plaintext, CiphertextBlob: Buffer.from(Plaintext).reverse() };
      },
      decrypt: async ({ CiphertextBlob }: { CiphertextBlob: Uint8Array }) => {
        calls.push("decrypt");
        return { Plaintext: Buffer.from(CiphertextBlob).reverse() };
      },
    };
    return { client, calls };
  }

  it("encrypt for a while, and are decrypted once in each process", async () => {
    const { client, calls } = fakeKms();
    const clock = { now: 0 };
    const keys = kmsKeys({ client, keyId: "alias/shop", maxAge: "5m", now: () => clock.now });
    const [one, same] = await Promise.all([keys.current(), keys.current()]);
    expect(same).toEqual(one);
    clock.now = 300_000;
    const other = await keys.current();
    expect(other.id).not.toBe(one.id);
    expect(calls).toEqual(["generate alias/shop", "generate alias/shop"]);
    const elsewhere = kmsKeys({ client, keyId: "alias/shop" });
    expect(await elsewhere.find(one.id)).toEqual(one.key);
    expect(await elsewhere.find(one.id)).toEqual(one.key);
    expect(await elsewhere.find("other")).toBeUndefined();
    expect(calls.slice(2)).toEqual(["decrypt"]);
  });

  it("are asked for again after KMS has failed", async () => {
    const { client } = fakeKms();
    let fails = 1;
    const generateDataKey = async (input: { KeyId: string }) => {
      if (fails-- > 0) throw new Error("throttled");
      return client.generateDataKey(input);
    };
    const keys = kmsKeys({ client: { ...client, generateDataKey }, keyId: "k" });
    await expect(keys.current()).rejects.toThrow("throttled");
    expect((await keys.current()).key).toHaveLength(32);
  });

  it("carry a run from its start to its end", async () => {
    const { client } = fakeKms();
    const { run, seen, stored } = await play({ keys: kmsKeys({ client, keyId: "alias/shop" }) });
    expect(run.status).toBe("completed");
    expect(seen).toEqual([plain, plain]);
    expect(stored).not.toContain(SECRET);
  });

  it.each<[string, object]>([
    ["client", { client: {}, keyId: "k" }],
    ["keyId", { client: fakeKms().client, keyId: 1 }],
    ["maxAge", { client: fakeKms().client, keyId: "k", maxAge: "soon" }],
    ["encryptionContext", { client: fakeKms().client, keyId: "k", encryptionContext: 1 }],
    ["now", { client: fakeKms().client, keyId: "k", now: 1 }],
  ])("are refused by the path of a wrong option: %s", (name, options) => {
    expect(() => kmsKeys(options as never)).toThrow(`kmsKeys: ${name}`);
  });
});

function asProvider(keys: EncryptionOptions["keys"]): DataKeyProvider {
  return checkKeys(keys, "keys");
}
