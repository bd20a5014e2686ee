import type { GetFunctionInput, Stepwell } from "stepwell";
import { describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../laws/scenarios.ts";
import { openTenants, type TenantApp, type Tenants } from "./tenants.ts";

const ENVIRONMENTS = ["main", "staging"] as const;
const APPS = ["shop", "billing"] as const;
const DAY_MS = 24 * HOUR_MS;
const START = { id: "order-1", name: "test/start", data: { key: "k" } };
const PAID = { id: "paid-1", name: "test/paid", data: { key: "k" } };
const STOP = { id: "stop-1", name: "test/stop", data: { key: "k" } };

type Handler = (input: GetFunctionInput<Stepwell>, app: TenantApp) => Promise<unknown>;

/** A function that each tenant has. */
const each =
  (handler: Handler, options: object = {}) =>
  (app: TenantApp) => [
    app.client.createFunction({ id: "main", ...options }, { event: START.name }, ((input: GetFunctionInput<Stepwell>) =>
      handler(input, app)) as never),
  ];

/** The same event, id and all, to every environment in the same second. */
async function startAll({ send }: Tenants): Promise<void> {
  for (const env of ENVIRONMENTS) await send(env, START);
}

/** How the run of each tenant stands. */
async function standings({ runsOf }: Tenants): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const env of ENVIRONMENTS)
    for (const [app, { status, output }] of Object.entries(await runsOf(env, START.id)))
      all[`${env}/${app}`] = status === "completed" ? output : status;
  return all;
}

const inAll = (main: unknown, staging: unknown) => ({
  "main/shop": main,
  "main/billing": main,
  "staging/shop": staging,
  "staging/billing": staging,
});

describe("B-1: a match is of a key and a scope", { timeout: 300_000 }, () => {
  it.each([
    ["stepFunctions", { match: "data.key" }],
    ["table", { match: "data.key" }],
    ["table", { if: "event.data.key == async.data.key && async.data.key != 'x'" }],
    ["table", {}],
  ] as const)(
    "an event resolves the waits of its environment, of every app, and no others (%s, %j)",
    async (waits, condition) => {
      const awaiting = each(async ({ step }) => {
        const paid = await step.waitForEvent("paid", { event: PAID.name, timeout: "1d", ...condition });
        return paid?.id ?? "nothing";
      });
      const tenants = await openTenants(ENVIRONMENTS, APPS, awaiting, { waits });
      await startAll(tenants);
      expect(await standings(tenants)).toEqual(inAll("waiting", "waiting"));
      await tenants.send("staging", PAID);
      expect(await standings(tenants)).toEqual(inAll("waiting", PAID.id));
      // Those who got nothing time out: their waits are their own, down to the names of what was set up for them.
      await tenants.pass(DAY_MS + MINUTE_MS);
      expect(await standings(tenants)).toEqual(inAll("nothing", PAID.id));
    },
  );

  it("runs of one event id, started in the same second, sleep and back off each by its own timer", async () => {
    const resting = each(async ({ step, attempt }, { tenant }) => {
      await step.sleep("nap", "3h");
      if (attempt === 0)
        throw Object.assign(new Error("again"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
      return tenant;
    });
    const tenants = await openTenants(ENVIRONMENTS, APPS, resting);
    await startAll(tenants);
    await tenants.pass(5 * HOUR_MS);
    expect(await standings(tenants)).toEqual(
      Object.fromEntries(Object.keys(inAll(0, 0)).map((tenant) => [tenant, tenant])),
    );
  });

  it("runs of one cron sleep each by its own timer", async () => {
    const awake: string[] = [];
    const daily = ({ client, tenant }: TenantApp) => [
      client.createFunction({ id: "daily" }, { cron: "0 13 * * *" }, async ({ step }) => {
        await step.sleep("nap", "3h");
        await step.run("note", () => void awake.push(tenant));
      }),
    ];
    const tenants = await openTenants(ENVIRONMENTS, APPS, daily);
    await tenants.pass(5 * HOUR_MS);
    expect(awake.toSorted()).toEqual(Object.keys(inAll(0, 0)).toSorted());
  });

  it("an event cancels the runs of its environment, and no others", async () => {
    const sleeping = each(({ step }) => step.sleep("nap", "1d"), {
      cancelOn: [{ event: STOP.name, match: "data.key" }],
    });
    const tenants = await openTenants(ENVIRONMENTS, APPS, sleeping);
    await startAll(tenants);
    await tenants.send("main", STOP);
    expect(await standings(tenants)).toEqual(inAll("cancelled", "sleeping"));
  });

  it.each([
    { singleton: { mode: "skip", key: "event.data.key" } },
    { idempotency: "event.data.key" },
    { rateLimit: { limit: 1, period: "1h", key: "event.data.key" } },
    { throttle: { limit: 1, period: "1h", burst: 0, key: "event.data.key" } },
    { concurrency: { limit: 1, key: "event.data.key" } },
    { debounce: { period: "1m", key: "event.data.key" } },
    { batchEvents: { maxSize: 2, timeout: "1m", key: "event.data.key" } },
  ])("a key of flow control is one of its app and its environment: %j", async (options) => {
    const working = each((_, { slow, tenant }) => slow(2 * MINUTE_MS).then(() => tenant), options);
    const tenants = await openTenants(ENVIRONMENTS, ["shop"], working);
    await startAll(tenants);
    await tenants.pass(3 * MINUTE_MS);
    expect(await standings(tenants)).toEqual({ "main/shop": "main/shop", "staging/shop": "staging/shop" });
  });

  it("a limit of the account is shared by all of them on purpose, run by run", async () => {
    let [live, most] = [0, 0];
    const sharing = each(
      async ({ step }, { slow }) =>
        step.run("work", async () => {
          most = Math.max(most, ++live);
          await slow(10_000);
          live -= 1;
        }),
      { concurrency: { limit: 1, scope: "account", key: "'vendor'" } },
    );
    const tenants = await openTenants(ENVIRONMENTS, APPS, sharing);
    await startAll(tenants);
    await tenants.pass(5 * MINUTE_MS);
    expect(await standings(tenants)).toEqual(inAll(null, null));
    expect(most).toBe(1);
  });
});
