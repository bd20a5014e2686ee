import { describe, expect, it } from "vitest";
import { begin, openShop } from "./cloud.ts";
import { stepwell } from "./stepwell.ts";

describe("stepwell skips", () => {
  it("counts events that have started no run, by function and reason", async () => {
    const cloud = await openShop();
    for (const order of ["o1", "o1", "o2", "o1"]) await begin(cloud, "shop/charge", { order });
    const { code, out, err } = await stepwell(["skips", "--url", cloud.url]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.trimEnd().split("\n")).toEqual(["FUNCTION     REASON       EVENTS", "shop/charge  idempotency  2"]);
    const json = await stepwell(["skips", "--function", "charge", "--json", "--url", cloud.url]);
    const skips = [{ app: "shop", functionId: "charge", reason: "idempotency", count: 2 }];
    expect(JSON.parse(json.out)).toEqual({ skips, more: false });
  });

  it("says so when there are none", async () => {
    const { url } = await openShop();
    const { code, out } = await stepwell(["skips", "--url", url]);
    expect({ code, out }).toEqual({ code: 0, out: `There are none in the local cloud at ${url}.\n` });
  });

  it("looks back for whole days", async () => {
    const { url } = await openShop();
    const { code, err } = await stepwell(["skips", "--days", "0", "--url", url]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("from 1 to 400") });
  });
});
