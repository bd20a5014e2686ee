import { fetch } from "stepwell";
import { describe, expect, it } from "vitest";
import { on, openCloud, runHandler, start } from "./cloud.ts";
import { hangUp, listen } from "./web-server.ts";

describe("step.fetch", () => {
  it("makes one request, whatever is replayed, and gives the same response each time", async () => {
    const { url, host, requests } = await listen((response) => {
      response.writeHead(201, { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] });
      response.end('{"id":7}');
    });
    const seen: unknown[] = [];
    const cloud = await openCloud([
      on("request", async ({ step }) => {
        const response = await step.fetch(url, { method: "POST", body: '{"sum":3}', headers: { "x-shop": "1" } });
        seen.push([response.status, response.ok, response.url, response.headers.getSetCookie(), await response.json()]);
        await step.sleep("nap", "1h");
        return (await step.fetch(url)).status;
      }),
    ]);
    const run = await start(cloud, { name: "shop/request" });
    const done = await cloud.waitForRun(run.id);
    expect(done).toMatchObject({ status: "completed", output: 201 });
    expect(requests).toMatchObject([
      { method: "POST", body: '{"sum":3}', headers: { "x-shop": "1" } },
      { method: "GET" },
    ]);
    const first = [201, true, url, ["a=1", "b=2"], { id: 7 }];
    expect(seen).toEqual([first, first]);
    expect(done.steps.map(({ id, kind }) => [id, kind])).toEqual([
      [`fetch ${host}`, "fetch"],
      ["nap", "sleep"],
      [`fetch ${host}:1`, "fetch"],
    ]);
    expect(done.steps[0]?.output).toMatchObject({ status: 201, url, body: '{"id":7}' });
  });

  it("takes every status for a result, and tries again what got no answer, with the same body and key", async () => {
    const { url, requests } = await listen((response, _, count) => {
      if (count < 3) return hangUp(response);
      response.writeHead(503).end("busy");
    });
    const { run } = await runHandler(
      async ({ step }) => {
        const response = await step.fetch(new Request(url, { method: "PUT", body: "again" }), { idempotencyKey: true });
        return [response.status, await response.text()];
      },
      { retries: 3 },
    );
    expect(run).toMatchObject({ status: "completed", output: [503, "busy"], steps: [{ attempts: 3 }] });
    expect(requests.map(({ body }) => body)).toEqual(["again", "again", "again"]);
    const keys = requests.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toContain(run.id);
  });

  it("makes no more requests than it has tries, and rejects then", async () => {
    const { url, requests } = await listen(hangUp);
    const { run } = await runHandler(
      ({ step }) => step.fetch(url).catch((error: Error) => [error.name, error.message]),
      { retries: 2 },
    );
    expect(run.output).toEqual(["TypeError", "fetch failed"]);
    expect(requests).toHaveLength(3);
  });

  it.each([
    ["ftp://example.com/a", "http or https"],
    ["/relative", "cannot be made a request"],
  ])("refuses %s by a typed error, without a try", async (address, message) => {
    const { run } = await runHandler(({ step }) => step.fetch(address));
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_STEP" }, steps: [] });
    expect(run.error?.message).toContain(message);
  });

  it("hands over bytes as they are, and nothing where there is nothing", async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const { url } = await listen((response, _, count) => {
      if (count === 1) response.end(bytes);
      else response.writeHead(204).end();
    });
    const { run } = await runHandler(async ({ step }) => {
      const first = Buffer.from(await (await step.fetch(url)).arrayBuffer()).toString("hex");
      const second = await step.fetch(url);
      return [first, second.status, await second.text()];
    });
    expect(run.output).toEqual([bytes.toString("hex"), 204, ""]);
  });

  it("refuses a response of more than a step's result, without trying again", async () => {
    const { url, requests } = await listen((response) => response.end("x".repeat(4 * 1024 * 1024 + 1)));
    const { run } = await runHandler(({ step }) => step.fetch(url));
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_STEP_OUTPUT_TOO_LARGE" } });
    expect(requests).toHaveLength(1);
  });

  it("does not try again what the caller's own signal has aborted", async () => {
    const { url } = await listen(() => {});
    const { run } = await runHandler(({ step }) => step.fetch(url, { signal: AbortSignal.timeout(20) }));
    expect(run).toMatchObject({ status: "failed", steps: [{ attempts: 1, error: { name: "NonRetriableError" } }] });
  });

  it.each([
    ["no address", ["nowhere"], "step.fetch: cannot be made a request"],
    ["a wrong key option", ["http://x/", { idempotencyKey: "k" }], "step.fetch: idempotencyKey: must be true or false"],
    ["a body of a GET", ["http://x/", { body: "b" }], "step.fetch: cannot be made a request"],
  ])("refuses %s", async (_, args, message) => {
    const { run } = await runHandler(({ step }) => (step.fetch as (...args: unknown[]) => Promise<unknown>)(...args));
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_STEP" }, steps: [] });
    expect(run.error?.message).toContain(message);
  });
});

describe("the exported fetch", () => {
  it("is a step in a handler, and the global one in a step's body and outside", async () => {
    const { url, host, requests } = await listen((response, _, count) => response.end(`${count}`));
    const library = { get: async (): Promise<string> => (await fetch(url)).text() };
    const { run } = await runHandler(async ({ step }) => {
      const first = await library.get();
      const second = await step.run("plain", library.get);
      await step.sleep("nap", "1h");
      return [first, second];
    });
    expect(run).toMatchObject({ status: "completed", output: ["1", "2"] });
    expect(run.steps.map(({ id }) => id)).toEqual([`fetch ${host}`, "plain", "nap"]);
    expect(await library.get()).toBe("3");
    expect(requests).toHaveLength(3);
  });

  it("takes another fallback, or none, and stays as it is itself", async () => {
    const asked: unknown[] = [];
    const other = fetch.config({ fallback: async (input) => Response.json(asked.push(input)) });
    expect(await (await other("http://x/", { idempotencyKey: true })).json()).toBe(1);
    const strict = fetch.config({ fallback: null });
    await expect(strict("http://x/")).rejects.toMatchObject({ code: "STEPWELL_INVALID_STEP" });
    expect(() => fetch.config({ fallback: "x" as never })).toThrow(
      expect.objectContaining({
        code: "STEPWELL_INVALID_STEP",
        message: expect.stringContaining("fetch.config: fallback"),
      }),
    );
    expect(asked).toEqual(["http://x/"]);
  });
});
