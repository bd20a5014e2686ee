import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { DEFAULT_ENVIRONMENT, engineNames } from "../../lambdas/contract.ts";
import { begin, openShop, sendRaw } from "./cloud.ts";
import { stepwell } from "./stepwell.ts";

const names = engineNames("stepwell");

/** What Lambda answers when it is asked for the router's configuration: an engine whose AWS services are those of a local cloud. */
async function openLambda(endpoint: string): Promise<NodeJS.ProcessEnv> {
  const binding = {
    ...{ engine: "stepwell", env: DEFAULT_ENVIRONMENT, waits: "stepFunctions", endpoint },
    ...{ tableName: names.table, busName: names.bus, bucketName: "payloads" },
    ...{ scheduleGroup: names.scheduleGroup, ingestQueueUrl: `${endpoint}/000000000000/${names.ingestQueue}` },
    waitMachineArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${names.waitMachine}`,
  };
  const configuration = { Environment: { Variables: { STEPWELL_ENGINE: JSON.stringify(binding) } } };
  const server = createServer((request, response) => {
    const isRouter = request.url === `/2015-03-31/functions/${names.door("router")}/configuration`;
    const type = isRouter ? {} : { "x-amzn-errortype": "ResourceNotFoundException" };
    const body = isRouter ? configuration : { Message: "Function not found" };
    response.writeHead(isRouter ? 200 : 404, { "content-type": "application/json", ...type }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { AWS_ENDPOINT_URL_LAMBDA: url, ...CREDENTIALS, AWS_REGION: "us-east-1" };
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

describe("a deployed engine, by its name and the user's AWS credentials", () => {
  it("takes events from `stepwell send`, and its table is read for the runs", async () => {
    const cloud = await openShop();
    const env = await openLambda(cloud.url);
    const args = ["send", "shop/order.placed", '{"total":6}', "--engine", "stepwell", "--json"];
    const { code, out, err } = await stepwell(args, { env });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const sent = JSON.parse(out);
    expect(await cloud.runsOf(sent.id)).toMatchObject([{ status: "completed", steps: [{ output: { paid: 6 } }] }]);
    expect(sent.runs).toMatchObject([{ functionId: "order" }]);
  });

  it("has its runs listed and shown by `stepwell runs`", async () => {
    const cloud = await openShop();
    const env = await openLambda(cloud.url);
    const run = await begin(cloud, "shop/nap");
    const list = await stepwell(["runs", "--engine", "stepwell", "--json"], { env });
    expect(JSON.parse(list.out)).toEqual(JSON.parse(JSON.stringify(await cloud.runs())));
    const shown = await stepwell(["runs", run, "--engine", "stepwell", "--app", "shop", "--json"], { env });
    expect(JSON.parse(shown.out)).toMatchObject({ id: run, status: "sleeping" });
    const skips = await stepwell(["skips", "--engine", "stepwell", "--json"], { env });
    expect(JSON.parse(skips.out)).toEqual({ skips: [], more: false });
    const elsewhere = await stepwell(["runs", "--engine", "stepwell", "--environment", "other"], { env });
    expect(elsewhere.out).toBe("There are no such runs in the engine stepwell.\n");
  });

  it("is audited by `stepwell audit`, whose queues are counted", async () => {
    const cloud = await openShop();
    const env = await openLambda(cloud.url);
    await begin(cloud, "shop/nap");
    const { code, out, err } = await stepwell(["audit", "--engine", "stepwell"], { env });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^All laws hold in the engine stepwell: \d+ items, 1 schedules and 0 waits were looked at\.\n$/,
    );
    const json = await stepwell(["audit", "--engine", "stepwell", "--json"], { env });
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, findings: [], unsure: [], woken: [] });
  });

  it("has its dead letters sent anew by `stepwell redrive`", async () => {
    const cloud = await openShop();
    const env = await openLambda(cloud.url);
    const event = { "detail-type": "shop/order.placed", source: "my.app", id: "o1", time: "2027-01-01T12:00:00Z" };
    await sendRaw(cloud, names.ingestDeadLetters, JSON.stringify({ ...event, detail: {} }));
    await cloud.passTime("1s");
    const list = await stepwell(["dead", "--engine", "stepwell", "--json"], { env });
    expect(JSON.parse(list.out)).toMatchObject([{ queue: names.ingestDeadLetters }]);
    const { code, out, err } = await stepwell(["redrive", "--all", "--engine", "stepwell"], { env });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Sent anew: 1 of 1.");
    expect(await cloud.runsOf("o1")).toMatchObject([{ status: "completed" }]);
  });

  it.each([
    ["there is none of that name", CREDENTIALS, "other", 'There is no engine "other" in this account and region.'],
    ["there are no credentials", {}, "stepwell", "There are no AWS credentials."],
  ])("is missed with a reason when %s", async (_, credentials, engine, message) => {
    const { AWS_ENDPOINT_URL_LAMBDA } = await openLambda("http://127.0.0.1:1");
    const env = { AWS_ENDPOINT_URL_LAMBDA, AWS_REGION: "us-east-1", ...credentials };
    const { code, out, err } = await stepwell(["runs", "--engine", engine], { env });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`${message} [STEPWELL_NO_ENGINE]`);
  });

  it("is found by AWS_DEFAULT_REGION, as the AWS CLI and the CDK find it", async () => {
    const { AWS_REGION, ...env } = await openLambda((await openShop()).url);
    const args = ["runs", "--engine", "stepwell", "--json"];
    const { code, out, err } = await stepwell(args, { env: { ...env, AWS_DEFAULT_REGION: AWS_REGION } });
    expect({ code, out, err }).toEqual({ code: 0, out: "[]\n", err: "" });
  });

  it("is missed with a reason when the region is not known", async () => {
    const { code, err } = await stepwell(["runs", "--engine", "stepwell"], { env: CREDENTIALS });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("--region us-east-1, or AWS_REGION") });
  });
});
