import { request } from "node:http";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { finish, on, openCloud, runHandler, start } from "./cloud.ts";

const getJson = async (cloud: LocalCloud, path: string, init?: RequestInit) => {
  const response = await fetch(cloud.url + path, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const post = (cloud: LocalCloud, body: string) => getJson(cloud, "/api/events", { method: "POST", body });

/** `fetch` sets Host itself. */
const statusWith = (cloud: LocalCloud, headers: Record<string, string>, path = "/api/meter") =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port } = new URL(cloud.url);
    request({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });

describe("the view of a run", () => {
  it("has these fields, with times of the clock, and a view of each step", async () => {
    const cloud = await openCloud([
      on("order", async ({ step }) => {
        await step.run({ id: "charge", name: "Charge" }, () => ({ paid: true }));
        await step.sleep("rest", "1h");
        return { ok: true };
      }),
    ]);
    await cloud.passTime("3d");
    const run = await finish(cloud, { name: "shop/order", id: "o1" });
    const { queuedAt } = run;
    expect(run).toEqual({
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      app: "shop",
      functionId: "order",
      eventIds: ["o1"],
      status: "completed",
      output: { ok: true },
      error: undefined,
      attempts: 1,
      queuedAt,
      startedAt: queuedAt,
      endedAt: expect.any(Number),
      steps: [
        {
          id: "charge",
          name: "Charge",
          kind: "run",
          status: "completed",
          attempts: 1,
          output: { paid: true },
          error: undefined,
          startedAt: queuedAt,
          endedAt: queuedAt,
        },
        {
          id: "rest",
          name: "rest",
          kind: "sleep",
          status: "completed",
          attempts: 1,
          output: undefined,
          error: undefined,
          startedAt: queuedAt,
          endedAt: queuedAt + 3_600_000,
        },
      ],
    });
    expect((run.endedAt ?? 0) - queuedAt).toBeLessThanOrEqual(3_601_000);
    expect(Math.abs(queuedAt - Date.now() - 3 * 86_400_000)).toBeLessThan(60_000);
  });

  it("goes through sleeping, waiting and retrying to failed, each at its moment", async () => {
    const cloud = await openCloud([
      on(
        "order",
        async ({ step }) => {
          await step.sleep("rest", "1h");
          await step.waitForEvent("go", { event: "shop/go", timeout: "1d" });
          await step.run("broken", () => {
            throw new RangeError("no");
          });
        },
        { retries: { attempts: 2, backoff: "fixed" } },
      ),
    ]);
    const { id } = await start(cloud, { name: "shop/order" });
    const now = async () => {
      const run = await cloud.run(id);
      return [run?.status, ...(run?.steps ?? []).map(({ id, status, attempts }) => `${id} ${status} ${attempts}`)];
    };
    expect(await now()).toEqual(["sleeping", "rest sleeping 1"]);
    await cloud.passTime("1h 1s");
    expect(await now()).toEqual(["waiting", "rest completed 1", "go waiting 1"]);
    await cloud.send({ name: "shop/go" });
    expect(await now()).toEqual(["sleeping", "rest completed 1", "go completed 1", "broken retrying 2"]);
    expect((await cloud.run(id))?.steps[2]?.error).toMatchObject({ name: "RangeError", message: "no" });
    await cloud.passTime("2s");
    expect(await now()).toEqual(["failed", "rest completed 1", "go completed 1", "broken failed 2"]);
  });

  it("has a failed run's error as plain data", async () => {
    const { run } = await runHandler(
      ({ step }) =>
        step.run("charge", () => {
          throw Object.assign(new TypeError("bad", { cause: new RangeError("inner") }), { code: "E_BAD", extra: 1n });
        }),
      { retries: 0 },
    );
    expect(Object.getPrototypeOf(run.error)).toBe(Object.prototype);
    expect(run.error).toEqual({
      name: "TypeError",
      message: "bad",
      code: "E_BAD",
      stepId: "charge",
      stack: expect.stringContaining("TypeError: bad"),
      cause: { name: "RangeError", message: "inner", stack: expect.any(String) },
    });
  });

  it("lists steps in the order in which the code asked for them", async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `step-${(i * 7) % 30}`);
    const { run } = await runHandler(async ({ step }) => {
      await Promise.all(ids.slice(0, 10).map((id) => step.run(id, () => id)));
      for (const id of ids.slice(10)) await step.run(id, () => id);
    });
    expect(run.steps.map(({ id }) => id)).toEqual(ids);
  });
});

describe("the HTTP API", () => {
  it("sends events, and shows runs by event and by id", async () => {
    const cloud = await openCloud([on("order", ({ event }) => event.data.n)]);
    const sent = await post(
      cloud,
      JSON.stringify([
        { name: "shop/order", data: { n: 1 } },
        { name: "shop/order", id: "o 2/é" },
      ]),
    );
    expect(sent).toEqual({ status: 200, body: { ids: [expect.any(String), "o 2/é"] } });
    const [id] = sent.body.ids as string[];
    const runs = await getJson(cloud, `/api/events/${id}/runs`);
    expect(runs).toMatchObject({ status: 200, body: [{ functionId: "order", status: "completed", output: 1 }] });
    const [run] = runs.body as unknown as { id: string }[];
    expect(await getJson(cloud, `/api/runs/${run?.id}`)).toEqual({ status: 200, body: run });
    const other = await getJson(cloud, `/api/events/${encodeURIComponent("o 2/é")}/runs`);
    expect(other.body).toHaveLength(1);
    expect((await getJson(cloud, "/api/meter")).body).toMatchObject({ invocations: 2 });
  });

  it("answers nonsense with an error in JSON, and goes on", async () => {
    const cloud = await openCloud([]);
    expect(await getJson(cloud, "/api/runs/nobody")).toMatchObject({
      status: 404,
      body: { error: expect.any(String) },
    });
    expect(await getJson(cloud, "/api/events/nobody/runs")).toMatchObject({ status: 200, body: [] });
    expect(await getJson(cloud, "/api/nothing")).toMatchObject({ status: 404 });
    expect(await getJson(cloud, "/api/runs/%E0%A4%A")).toMatchObject({
      status: 400,
      body: { error: expect.any(String) },
    });
    expect(await getJson(cloud, "/api/events", { method: "DELETE" })).toMatchObject({ status: 404 });
    expect(await post(cloud, "{oops")).toMatchObject({ status: 400 });
    expect(await post(cloud, "")).toMatchObject({ status: 400 });
    for (const event of [
      "null",
      "7",
      "{}",
      '{"name":""}',
      '{"name":"stepwell/x"}',
      '{"name":"a","data":7}',
      '{"name":"a","x":1}',
    ]) {
      expect(await post(cloud, event)).toMatchObject({ status: 400, body: { code: "STEPWELL_INVALID_EVENT" } });
    }
    expect(await getJson(cloud, "/api/meter")).toMatchObject({ status: 200 });
  });

  it("refuses foreign hosts and origins", async () => {
    const cloud = await openCloud([]);
    const { host } = new URL(cloud.url);
    expect(await statusWith(cloud, { host })).toBe(200);
    expect(await statusWith(cloud, { host: "evil.example" })).toBe(403);
    expect(await statusWith(cloud, { host, origin: "https://evil.example" })).toBe(403);
    expect(await statusWith(cloud, { host, origin: "null" })).toBe(403);
    expect(await statusWith(cloud, { host, origin: cloud.url })).toBe(200);
    expect(await statusWith(cloud, { host: "evil.example" }, "/")).toBe(403);
  });
});

it("the real clock runs the same functions, and sleeps for real", async () => {
  const cloud = await openCloud(
    [
      on("order", async ({ step }) => {
        const begin = Date.now();
        await step.sleep("rest", 30);
        return (await step.run("n", () => 1)) + (Date.now() - begin >= 30 ? 1 : 0);
      }),
    ],
    { clock: "real" },
  );
  const { ids } = await cloud.send({ name: "shop/order" });
  const [run] = await cloud.runsOf(ids[0]);
  expect(await cloud.waitForRun(run?.id ?? "")).toMatchObject({ status: "completed", output: 2 });
  await expect(cloud.passTime("1d")).rejects.toThrow(/virtual/);
  await expect(cloud.waitForRun("nobody")).rejects.toMatchObject({ code: "STEPWELL_RUN_NOT_FOUND" });
});

it.each([
  ["client", { client: {} }],
  ["clock", { clock: "fast" }],
  ["waits", { waits: "polling" }],
  ["port", { port: -1 }],
  ["seed", { seed: 0.5 }],
  ["colour", { colour: "red" }],
])("a wrong option of startLocal is refused by its name: %s", async (name, options) => {
  await expect(openCloud([], options as never)).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: expect.stringContaining(name),
  });
});
