import { describe, expect, it } from "vitest";
import { begin, openShop } from "./cloud.ts";
import { stepwell } from "./stepwell.ts";

describe("stepwell cancel", () => {
  it("ends a run by a part of its id, and the reason is shown with the run", async () => {
    const cloud = await openShop();
    const run = await begin(cloud, "shop/nap");
    const args = ["cancel", run.slice(-8).toLowerCase(), "--reason", "ordered twice", "--url", cloud.url];
    expect(await stepwell(args)).toEqual({ code: 0, out: `Run ${run} of shop/nap is cancelled.\n`, err: "" });
    const { out } = await stepwell(["runs", run, "--url", cloud.url]);
    expect(out).toMatch(/^status {5}cancelled$/m);
    expect(out).toMatch(/^cancelled {2}on request: ordered twice$/m);
    const json = await stepwell(["cancel", run, "--json", "--url", cloud.url]);
    expect(JSON.parse(json.out)).toMatchObject({ id: run, cancel: { by: "request", reason: "ordered twice" } });
  });

  it("leaves a run that has ended as it is", async () => {
    const cloud = await openShop();
    const run = await begin(cloud, "shop/order.placed");
    const { code, out } = await stepwell(["cancel", run, "--url", cloud.url]);
    expect({ code, out }).toEqual({ code: 0, out: `Run ${run} of shop/order is completed.\n` });
  });

  it("says so when there is no such run", async () => {
    const cloud = await openShop();
    const { code, out, err } = await stepwell(["cancel", "01JD7QZ3M8W0V5XKB2T4N6R9PC", "--url", cloud.url]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("There is no run 01JD7QZ3M8W0V5XKB2T4N6R9PC in the local cloud");
    expect(err).toContain("STEPWELL_RUN_NOT_FOUND");
  });

  it("is a POST of the HTTP API, which refuses, as `cloud.cancel` does, what is no reason", async () => {
    const cloud = await openShop();
    const run = await begin(cloud, "shop/nap");
    const post = async (body: unknown) => {
      const response = await fetch(`${cloud.url}/api/runs/${run}/cancel`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    for (const body of [{ reason: 7 }, "ordered twice", null, { why: "ordered twice" }]) {
      expect(await post(body)).toMatchObject({ status: 400, body: { code: "STEPWELL_INVALID_OPTION" } });
      const asked = cloud.cancel(run, body as never);
      await expect(asked).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
    }
    expect((await cloud.run(run))?.status).toBe("sleeping");
    expect(await post({})).toMatchObject({ status: 200, body: { status: "cancelled", cancel: { by: "request" } } });
  });
});
