import type { RunView } from "stepwell";
import { describe, expect, it } from "vitest";
import { finishAll, openCloud } from "./cloud.ts";
import * as v3 from "./programs/inngest-v3.ts";

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
