import type { RunSummary } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { finish, on, openCloud } from "./cloud.ts";

const get = async (cloud: LocalCloud, query: string) => {
  const response = await fetch(`${cloud.url}/api/runs${query}`);
  return { status: response.status, body: (await response.json()) as { runs: RunSummary[]; next?: string } };
};

const order = on("order", ({ event }) => event.data.n);
const bill = on("bill", () => Promise.reject(new Error("no")), { retries: 0 });
const nap = on("nap", ({ step }) => step.sleep("rest", "40d"));

/** One order a day for three days, then a bill that fails and a nap, on the same day. */
async function openFilled() {
  const cloud = await openCloud([order, bill, nap]);
  const ids: string[] = [];
  for (let n = 1; n <= 3; n++) {
    ids.unshift((await finish(cloud, { name: "shop/order", data: { n } })).id);
    await cloud.passTime("1d");
  }
  ids.unshift((await finish(cloud, { name: "shop/bill" })).id);
  await cloud.passTime("1s");
  const { ids: events } = await cloud.send({ name: "shop/nap" });
  ids.unshift((await cloud.runsOf(events[0]))[0]?.id ?? "");
  return { cloud, ids };
}

describe("the list of runs", () => {
  it("has the runs of all functions, the latest first, without steps and results", async () => {
    const { cloud, ids } = await openFilled();
    const runs = await cloud.runs();
    expect(runs.map(({ id }) => id)).toEqual(ids);
    expect(runs.map(({ functionId, status }) => `${functionId} ${status}`)).toEqual([
      "nap sleeping",
      "bill failed",
      "order completed",
      "order completed",
      "order completed",
    ]);
    const { output, error, steps, ...summary } = (await cloud.run(ids[4])) ?? {};
    expect([output, error, steps]).toEqual([1, undefined, []]);
    expect(runs[4]).toEqual(summary);
  });

  it("is narrowed by function and by status, and cut by a limit", async () => {
    const { cloud, ids } = await openFilled();
    const idsOf = async (query: Parameters<LocalCloud["runs"]>[0]) => (await cloud.runs(query)).map(({ id }) => id);
    expect(await idsOf({ functionId: "order" })).toEqual(ids.slice(2));
    expect(await idsOf({ status: "failed" })).toEqual([ids[1]]);
    expect(await idsOf({ status: "completed", limit: 2 })).toEqual(ids.slice(2, 4));
    expect(await idsOf({ functionId: "nobody" })).toEqual([]);
  });

  it("goes on where a page has ended, until there is nothing more", async () => {
    const { cloud, ids } = await openFilled();
    const pages: string[][] = [];
    for (let next: string | undefined = ""; next !== undefined; ) {
      const { body } = await get(cloud, `?limit=2&before=${next}`);
      pages.push(body.runs.map(({ id }) => id));
      next = body.next;
    }
    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  });

  it("looks back as far as finished runs are kept, and further when asked", async () => {
    const { cloud, ids } = await openFilled();
    await cloud.passTime("35d");
    expect(await cloud.runs()).toEqual([]);
    const { body } = await get(cloud, "?since=0&status=sleeping");
    expect(body.runs.map(({ id }) => id)).toEqual([ids[0]]);
  });

  it("is not on the bill", async () => {
    const { cloud } = await openFilled();
    const before = cloud.meter();
    await cloud.runs();
    expect(cloud.meter()).toEqual(before);
  });

  it.each([
    ["?status=broken", /"status" is one of queued, running/],
    ["?limit=0", /"limit" is a whole number from 1 to 1000/],
    ["?limit=many", /"limit"/],
    ["?before=yesterday", /"before" is the id of a run/],
    ["?since=-1", /"since"/],
    ["?functions=order", /"functions" is not one of function, status/],
  ])("refuses %s", async (query, message) => {
    const { status, body } = await get(await openCloud([]), query);
    expect(status).toBe(400);
    expect(body).toEqual({ code: "STEPWELL_INVALID_OPTION", error: expect.stringMatching(message) });
  });

  it("is of a cloud that says what it is", async () => {
    const cloud = await openCloud([]);
    const about = await (await fetch(`${cloud.url}/api`)).json();
    expect(about).toMatchObject({ name: "stepwell", version: expect.any(String), app: "shop", environment: "main" });
  });
});
