import { request as httpRequest } from "node:http";
import { expect, it } from "vitest";
import { openAws } from "./open.ts";

/** fetch() does not let one set Host or Origin. */
const get = (url: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { headers }, async (response) => {
      resolve({ status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() });
    });
    request.on("error", reject).end();
  });

it("a foreign Host or Origin is refused, its own names are not", async () => {
  const { aws } = await openAws();
  aws.serveApi((_request, response) => void response.end("ours"));
  const { port } = new URL(aws.url);
  const from = async (headers: Record<string, string>) => (await get(aws.url, "/api/x", headers)).status;
  expect(await from({})).toBe(200);
  expect(await from({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  expect(await from({ host: `evil.example:${port}` })).toBe(403);
  expect(await from({ host: `localhost:1` })).toBe(403);
  expect(await from({ origin: "http://evil.example" })).toBe(403);
  expect(await from({ origin: `https://localhost:${port}` })).toBe(403);
  expect(await from({ origin: "null" })).toBe(403);
});

it("/api goes to the handler that serves it, everything else to the services", async () => {
  const { aws } = await openAws();
  const early = await get(aws.url, "/api");
  expect([early.status, JSON.parse(early.body)]).toEqual([503, { error: expect.stringContaining("still starting") }]);
  aws.serveApi((request, response) => void response.end(request.url));
  expect(await get(aws.url, "/api/runs?x=1")).toEqual({ status: 200, body: "/api/runs?x=1" });
  const other = await get(aws.url, "/apiary");
  expect([other.status, other.body]).toEqual([400, expect.stringContaining("UnknownOperationException")]);
});

it("closing does not wait for connections that are kept alive", async () => {
  const { aws } = await openAws();
  await fetch(`${aws.url}/api`);
  await aws.close();
  await expect(fetch(`${aws.url}/api`)).rejects.toThrow("fetch failed");
});

it("two clouds live side by side", async () => {
  const [one, two] = [await openAws(), await openAws()];
  one.aws.sqs.createQueue("q");
  expect(one.aws.url).not.toBe(two.aws.url);
  expect(one.aws.sqs.messages("q")).toEqual([]);
  expect(() => two.aws.sqs.messages("q")).toThrow("does not exist");
});

it("the same seed gives the same ids, another seed gives others", async () => {
  const id = async (seed: number) => {
    const { aws } = await openAws({ seed });
    return aws.sqs.createQueue("q").send("x").id;
  };
  expect(await id(5)).toBe(await id(5));
  expect(await id(5)).not.toBe(await id(6));
});
