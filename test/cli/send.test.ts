import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openShop } from "./cloud.ts";
import { scratch, stepwell } from "./stepwell.ts";

/** A server that is not ours. */
async function openStranger(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("stepwell send", () => {
  it("sends an event, and tells its id and the runs that it has started, without colours in a pipe", async () => {
    const { url } = await openShop();
    const { code, out, err } = await stepwell(["send", "shop/order.placed", '{"total":3}', "--url", url]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^Sent shop\/order\.placed as event [0-9A-Z]{26}\.\nrun {2}[0-9A-Z]{26} {2}shop\/order {2}completed\n$/,
    );
  });

  it("takes data from a file or from stdin, and id, user and time of the event", async () => {
    const cloud = await openShop();
    const file = join(scratch(), "data.json");
    writeFileSync(file, '{"total":4}');
    const env = { STEPWELL_URL: cloud.url };
    const more = ["--id", "o1", "--user", '{"id":"u1"}', "--ts", "2026-01-01T00:00:00Z", "--json"];
    const fromFile = await stepwell(["send", "shop/order.placed", `@${file}`, ...more], { env });
    const sent = JSON.parse(fromFile.out);
    expect(sent).toMatchObject({ id: "o1", runs: [{ functionId: "order", status: "completed" }] });
    const event = { id: "o1", data: { total: 4 }, user: { id: "u1" }, ts: Date.parse("2026-01-01") };
    expect(sent.runs[0].output.event).toMatchObject(event);
    const fromStdin = await stepwell(["send", "shop/order.placed", "-", "--json"], { env, input: '{"total":5}' });
    expect(JSON.parse(fromStdin.out).runs[0].output.event.data).toEqual({ total: 5 });
  });

  it("says why a run does not execute yet", async () => {
    const cloud = await openShop();
    const { out } = await stepwell(["send", "shop/nap", "--url", cloud.url]);
    expect(out).toMatch(/ {2}shop\/nap {2}sleeping {2}sleeps in \w+ until \d{4}-/);
  });

  it("says when an event has started nothing", async () => {
    const { url } = await openShop();
    const { code, out } = await stepwell(["send", "shop/unheard-of", "--url", url]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("no function is triggered by it") });
  });

  it.each([
    [["stepwell/mine"], "STEPWELL_INVALID_EVENT"],
    [["shop/order.placed", "[1]"], "STEPWELL_INVALID_EVENT"],
    [["shop/order.placed", "{}", "--user", "7"], "STEPWELL_INVALID_EVENT"],
    [["shop/order.placed", "{}", "--url", "http://127.0.0.1:1"], "STEPWELL_NO_ENGINE"],
    [["shop/order.placed", "@/nowhere/data.json"], "The file /nowhere/data.json cannot be read"],
  ])("fails with exit code 1 and a reason: %j", async (args, reason) => {
    const { code, out, err } = await stepwell(["send", ...args]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(reason);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    [200, "<html>"],
    [404, "not here"],
    [500, "{}"],
  ])("knows a stepwell from another server that answers %i %s", async (status, body) => {
    const { code, err } = await stepwell(["send", "a", "--url", await openStranger(status, body)]);
    expect(code).toBe(1);
    expect(err).toMatch(/What answers at http:\S+ is no stepwell\. \[STEPWELL_NO_ENGINE\]/);
  });

  it("prints stacks when it is asked to", async () => {
    const { err } = await stepwell(["send", "a", "--url", "http://127.0.0.1:1", "--debug"]);
    expect(err).toMatch(/\n\s+at /);
    expect(err).toContain("fetch failed");
  });
});
