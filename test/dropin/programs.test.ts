import type { RunView } from "stepwell";
import { describe, expect, it } from "vitest";
import { finishAll, openCloud } from "./cloud.ts";
import * as v3 from "./programs/inngest-v3.ts";
import * as v4 from "./programs/inngest-v4.ts";

const outputsOf = (runs: readonly RunView[]) => Object.fromEntries(runs.map((run) => [run.functionId, run.output]));

describe("code written for Inngest v3", () => {
  it("runs as it is: helpers, waits, invocations, references", async () => {
    const cloud = await openCloud({ client: v3.untyped, functions: v3.functions });
    const created = { userId: "u1", plan: "pro", signedUpAt: "2026-01-01" };
    const { ids } = await cloud.send({ name: "app/user.created", data: created });
    await cloud.passTime("2h");
    await cloud.send({ name: "app/invoice.paid", data: { invoiceId: "u1", cents: 1200 } });
    const runs = await Promise.all((await cloud.runsOf(ids[0])).map(({ id }) => cloud.waitForRun(id)));
    expect(outputsOf(runs)).toMatchObject({
      "welcome-user": { nil: null, cents: 1200, count: 9, batch: 1, attempt: 0, maxAttempts: 4 },
      several: "pro",
      helped: { plan: "pro", name: "name of u1" },
    });
    expect(outputsOf(await finishAll(cloud, { name: "app/by.reference", data: {} }))).toEqual({ "by-reference": 4 });
  });

  it("throws Inngest's errors, and catches them with instanceof", async () => {
    const cloud = await openCloud({ client: v3.untyped, functions: v3.functions });
    const event = { name: "app/errors", user: { email: "a@b.c" } };
    const failed = { failed: "no", step: "throws" };
    expect(outputsOf(await finishAll(cloud, { ...event, data: { kind: "never" } }))).toEqual({ errors: failed });
    const soon = await finishAll(cloud, { ...event, data: { kind: "soon" } });
    expect(outputsOf(soon)).toEqual({ errors: { failed: "soon", step: "throws" } });
    expect(soon[0]?.steps[0]?.attempts).toBe(5);
  });

  it("sends what its schemas know", async () => {
    const cloud = await openCloud({ client: v3.inngest, functions: v3.functions });
    expect(await v3.sendAll()).toEqual([expect.any(String), "paid-i1"]);
    await cloud.close();
  });
});

describe("code written for Inngest v4", () => {
  const open = () => openCloud({ client: v4.inngest, functions: v4.functions });

  it("runs as it is: event types as triggers and in waits, invoke triggers, parallel groups", async () => {
    const cloud = await open();
    const { ids } = await cloud.send({ name: "app/user.created", data: { userId: "u1", plan: "pro" } });
    await cloud.passTime("10m");
    const runs = await Promise.all((await cloud.runsOf(ids[0])).map(({ id }) => cloud.waitForRun(id)));
    expect(outputsOf(runs)).toEqual({ welcome: { plan: "pro", sent: 1, report: { twice: 4 } }, several: "pro" });
    expect(outputsOf(await finishAll(cloud, { name: "app/single", data: { one: 1 } }))).toEqual({ single: 3 });
    expect(outputsOf(await finishAll(cloud, { name: "app/by.reference", data: {} }))).toEqual({ "by-reference": 8 });
  });

  it("is cancelled by an event type, and sends events that one has created", async () => {
    const cloud = await open();
    const { ids } = await cloud.send({ name: "app/user.created", data: { userId: "u1", plan: "free" } });
    await cloud.passTime("10s");
    await cloud.send({ name: "app/user.deleted", data: { userId: "u1" } });
    const welcome = (await cloud.runsOf(ids[0])).find(({ functionId }) => functionId === "welcome");
    expect((await cloud.waitForRun(welcome?.id)).status).toBe("cancelled");
    expect(await v4.sendAll()).toEqual(["created-u1", expect.any(String), expect.any(String)]);
  });

  it("asks its schemas at run time: of data that is sent, and of data that an invocation brings", async () => {
    const cloud = await open();
    const wrong = v4.inngest.createFunction({ id: "wrong", triggers: { event: "app/wrong" } }, async ({ step }) =>
      step.invoke("report", { function: v4.report2, data: { rows: "two" as never } }),
    );
    const all = await openCloud({ client: v4.inngest, functions: [...v4.functions, wrong] });
    await cloud.close();
    const [run] = await finishAll(all, { name: "app/wrong", data: {} });
    expect(run).toMatchObject({ status: "failed", error: { message: expect.stringContaining("rows") } });
  });
});
