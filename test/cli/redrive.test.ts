import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { openShop, sendRaw } from "./cloud.ts";
import { stepwell } from "./stepwell.ts";

const names = engineNames("stepwell");
const EVENT = JSON.stringify({
  ...{ "detail-type": "shop/order.placed", source: "my.app", id: "o1", time: "2027-01-01T12:00:00Z" },
  detail: { total: 6 },
});

/** A cloud whose bus could not deliver an event, and that has got what nobody can read. */
async function openWithLetters(): Promise<LocalCloud> {
  const cloud = await openShop();
  await sendRaw(cloud, names.ingestDeadLetters, EVENT);
  await sendRaw(cloud, names.ingestQueue, "{oops");
  await cloud.passTime("1s");
  return cloud;
}

const idOf = async (cloud: LocalCloud, text: string): Promise<string> => {
  const letter = (await cloud.deadLetters()).find(({ body }) => body.includes(text));
  return letter?.id ?? "none";
};

describe("stepwell dead", () => {
  it("lists dead letters with their queues and reasons, and shows one with its body", async () => {
    const cloud = await openWithLetters();
    const list = await stepwell(["dead", "--url", cloud.url]);
    expect({ code: list.code, err: list.err }).toEqual({ code: 0, err: "" });
    expect(list.out).toMatch(/^DEAD LETTER +SINCE +QUEUE +RUN +REASON$/m);
    const id = await idOf(cloud, "oops");
    expect(list.out).toMatch(new RegExp(`^${id} .* ${names.ingestQueue} .*cannot be read: it is not JSON`, "m"));
    const shown = await stepwell(["dead", id, "--url", cloud.url]);
    expect(shown.out).toMatch(/^queue +arn:aws:sqs:.*stepwell-ingest$/m);
    expect(shown.out).toMatch(/\n\n\{oops\n$/);
    const json = await stepwell(["dead", "--queue", "ingest-dead", "--json", "--url", cloud.url]);
    expect(JSON.parse(json.out)).toMatchObject([{ queue: names.ingestDeadLetters, beginning: EVENT.slice(0, 200) }]);
  });

  it("says so when there are none, or no such one", async () => {
    const cloud = await openShop();
    const none = await stepwell(["dead", "--url", cloud.url]);
    expect(none).toMatchObject({
      code: 0,
      out: expect.stringContaining("There are no dead letters in the local cloud"),
    });
    const unknown = await stepwell(["dead", "nobody", "--url", cloud.url]);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("There is no dead letter nobody") });
  });
});

describe("stepwell redrive", () => {
  it("sends all that can be read, says why of the others, and ends with 1 then", async () => {
    const cloud = await openWithLetters();
    const [event, oops] = [await idOf(cloud, "order.placed"), await idOf(cloud, "oops")];
    const dry = await stepwell(["redrive", "--all", "--dry-run", "--url", cloud.url]);
    expect(dry).toMatchObject({
      code: 1,
      out: expect.stringContaining(`${event}  would be sent to ${names.ingestQueue}`),
    });
    expect(await cloud.runsOf("o1")).toEqual([]);
    const { code, out } = await stepwell(["redrive", "--all", "--url", cloud.url]);
    expect(code).toBe(1);
    expect(out).toContain(`${event}  sent to ${names.ingestQueue}\n`);
    expect(out).toMatch(
      new RegExp(`^${oops}  not sent: It cannot be read: it is not JSON.*STEPWELL_INVALID_MESSAGE`, "m"),
    );
    expect(out).toMatch(/^Sent anew: 1 of 2\.$/m);
    expect(await cloud.runsOf("o1")).toMatchObject([{ status: "completed" }]);
    const left = await stepwell(["dead", "--json", "--url", cloud.url]);
    expect(JSON.parse(left.out)).toMatchObject([{ id: oops }]);
    const all = await stepwell(["dead", "--all", "--url", cloud.url]);
    expect(all.out).toMatch(new RegExp(`^${event} .*sent anew`, "m"));
  });

  it("takes ids or a queue, and prints JSON", async () => {
    const cloud = await openWithLetters();
    const id = await idOf(cloud, "order.placed");
    const byQueue = await stepwell(["redrive", "--queue", "ingest-dead", "--json", "--url", cloud.url]);
    expect(JSON.parse(byQueue.out)).toEqual([{ id, outcome: "sent", to: names.ingestQueue }]);
    const again = await stepwell(["redrive", id, "--url", cloud.url]);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining("Sent anew: 1 of 1.") });
    const nothing = await stepwell(["redrive", "--queue", "ingest-dead", "--url", cloud.url]);
    expect(nothing).toMatchObject({ code: 0, out: expect.stringContaining("There are no such dead letters") });
  });

  it("tells on stderr how far it has come with many", async () => {
    const cloud = await openShop();
    for (let i = 0; i < 110; i++) await sendRaw(cloud, names.ingestDeadLetters, EVENT.replace('"o1"', `"o${i}"`));
    await cloud.passTime("1s");
    const { code, err } = await stepwell(["redrive", "--all", "--url", cloud.url]);
    expect({ code, err }).toEqual({ code: 0, err: "25 of 110\n50 of 110\n75 of 110\n100 of 110\n110 of 110\n" });
  });

  it.each([[[]], [["x", "--all"]]])("%j is wrong usage", async (args) => {
    const { code, out, err } = await stepwell(["redrive", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^stepwell: (Which dead letters\?|Either ids)/);
  });

  it("is a POST of the HTTP API, which refuses what is no list of ids, or too long", async () => {
    const cloud = await openShop();
    const post = async (body: unknown) => {
      const response = await fetch(`${cloud.url}/api/dead/redrive`, { method: "POST", body: JSON.stringify(body) });
      return { status: response.status, ...((await response.json()) as { code?: string }) };
    };
    const ids = Array.from({ length: 26 }, (_, i) => `l${i}`);
    for (const body of [null, {}, { ids: [] }, { ids: [7] }, { ids: ["a"], dryRun: "no" }, { ids }])
      expect(await post(body)).toMatchObject({ status: 400, code: "STEPWELL_INVALID_OPTION" });
    expect(await post({ ids: ["a"] })).toMatchObject({ status: 200, 0: { outcome: "unknown" } });
  });
});
