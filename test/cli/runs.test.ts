import { describe, expect, it } from "vitest";
import { begin, openShop } from "./cloud.ts";
import { listen, startStepwell, stepwell } from "./stepwell.ts";

async function openFilled() {
  const cloud = await openShop();
  const ids: string[] = [];
  for (const name of ["shop/order.placed", "shop/nap", "shop/broken"]) {
    ids.push(await begin(cloud, name));
    await cloud.passTime("2s");
  }
  const [order = "", nap = "", broken = ""] = ids;
  return { cloud, order, nap, broken };
}

describe("stepwell runs", () => {
  it("lists runs, the latest first", async () => {
    const { cloud, order, nap, broken } = await openFilled();
    const { code, out, err } = await stepwell(["runs", "--url", cloud.url]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(head?.split(/ +/)).toEqual(["RUN", "FUNCTION", "STATUS", "STARTED", "TOOK"]);
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      [broken, "shop/broken", "sleeping"],
      [nap, "shop/nap", "sleeping"],
      [order, "shop/order", "completed"],
    ]);
    expect(lines[2]).toMatch(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}0ms$/);
  });

  it("narrows the list, and prints it as JSON", async () => {
    const { cloud, order, nap, broken } = await openFilled();
    const idsOf = async (...args: string[]) => {
      const { out } = await stepwell(["runs", "--json", "--url", cloud.url, ...args]);
      return (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
    };
    expect(await idsOf("--function", "nap")).toEqual([nap]);
    expect(await idsOf("--function", "shop/nap")).toEqual([nap]);
    expect(await idsOf("--function", "elsewhere/nap")).toEqual([]);
    expect(await idsOf("--status", "completed")).toEqual([order]);
    expect(await idsOf("--limit", "1")).toEqual([broken]);
    expect(await idsOf("--function", "nobody")).toEqual([]);
  });

  it("says so when there are none", async () => {
    const { url } = await openShop();
    const { code, out } = await stepwell(["runs", "--url", url]);
    expect({ code, out }).toEqual({ code: 0, out: `There are no such runs in the local cloud at ${url}.\n` });
  });

  it("shows one run with its steps, by its id or a part of it", async () => {
    const { cloud, order } = await openFilled();
    const whole = await stepwell(["runs", order, "--url", cloud.url]);
    expect(whole).toMatchObject({ code: 0, err: "" });
    expect(whole.out).toMatch(/^run {7}[0-9A-Z]{26}\nfunction {2}shop\/order\nstatus {4}completed\n/);
    expect(whole.out).toMatch(/^charge {2}run {3}completed {2}1 {6}0ms {3}\{"paid":0\}$/m);
    expect(await stepwell(["runs", order.slice(-6).toLowerCase(), "--url", cloud.url])).toEqual(whole);
    const { out } = await stepwell(["runs", order, "--json", "--url", cloud.url]);
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(await cloud.run(order))));
  });

  it("says why a run is not running", async () => {
    const { cloud, nap } = await openFilled();
    const [first, second] = [
      await begin(cloud, "shop/render", { user: "u1" }),
      await begin(cloud, "shop/render", { user: "u1" }),
    ];
    const shown = async (id: string) => (await stepwell(["runs", id, "--url", cloud.url])).out;
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
    expect(await shown(nap)).toMatch(new RegExp(`^waiting   sleeps in rest until ${time}$`, "m"));
    expect(await shown(first)).toMatch(new RegExp(`^waiting   for the next try of render, ${time}$`, "m"));
    expect(await shown(second)).toMatch(
      new RegExp(
        '^waiting   in line for a slot: concurrency 1 for the key "u1" \\(scope fn\\); it is the next; ' +
          `a Backoff lets nobody in before ${time}$`,
        "m",
      ),
    );
  });

  it("says what an event was skipped by, and which run goes instead", async () => {
    const cloud = await openShop();
    const [run, skipped] = [
      await begin(cloud, "shop/charge", { order: "o1" }),
      await begin(cloud, "shop/charge", { order: "o1" }),
    ];
    const { out } = await stepwell(["runs", skipped, "--url", cloud.url]);
    expect(out).toMatch(/^status {4}skipped$/m);
    expect(out).toContain(`\nskipped   by idempotency for the key "o1"; the run ${run} goes instead\n`);
  });

  it("does not guess which run is meant", async () => {
    const { cloud, order, nap } = await openFilled();
    const both = await stepwell(["runs", order.slice(0, 4), "--url", cloud.url]);
    expect(both).toMatchObject({ code: 1, out: "", err: expect.stringContaining("3 runs have ids with") });
    expect(both.err).toContain(nap);
    const none = await stepwell(["runs", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--url", cloud.url]);
    expect(none).toMatchObject({ code: 1, out: "", err: expect.stringContaining("[STEPWELL_RUN_NOT_FOUND]") });
  });
});

describe("stepwell runs --watch", () => {
  it.each([
    ["nap", 0, /completed "rested"$/],
    ["broken", 1, /failed RangeError: out of order$/],
  ] as const)("follows a run to its end: %s ends with exit code %i", async (which, exit, end) => {
    const { cloud, ...ids } = await openFilled();
    const watched = listen(startStepwell(["runs", ids[which], "--watch", "--url", cloud.url]));
    await watched.until(/rest {2}sleep {2}sleeping/);
    await cloud.passTime("2h");
    expect(await watched.exit).toBe(exit);
    const lines = watched.text().trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[2]).toMatch(/rest {2}sleep {2}completed {2}1 {2}1h$/);
    expect(lines[3]).toMatch(end);
  });

  it("prints a line for each change in a pipe, until it is interrupted", async () => {
    const { cloud, nap } = await openFilled();
    const child = startStepwell(["runs", "--watch", "--json", "--function", "nap", "--url", cloud.url]);
    const watched = listen(child);
    await watched.until(/"sleeping"/);
    await cloud.passTime("2h");
    await watched.until(/"completed"/);
    child.kill("SIGINT");
    expect(await watched.exit).toBe(130);
    const lines = watched.text().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: nap, status: "sleeping" },
      { id: nap, status: "completed" },
    ]);
  });
});
