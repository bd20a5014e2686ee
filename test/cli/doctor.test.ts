import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openShop } from "./cloud.ts";
import { scratch, stepwell } from "./stepwell.ts";

const APP = join(import.meta.dirname, "../../examples/webhooks/app.ts");

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; readonly detail: string }[];
}

const doctor = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const { code, out } = await stepwell(["doctor", "--json", ...args], { cwd: scratch(), env });
  const { ok, checks } = JSON.parse(out) as Report;
  expect(code).toBe(ok ? 0 : 1);
  return Object.fromEntries(checks.map(({ name, state, detail }) => [name, `${state}: ${detail}`]));
};

async function takePort(): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return String((server.address() as { port: number }).port);
}

describe("stepwell doctor", () => {
  it("finds nothing wrong on a machine that can run apps, also without AWS", async () => {
    expect(await doctor([APP, "--port", "0"])).toEqual({
      Node: expect.stringContaining(`ok: ${process.versions.node}`),
      bundler: expect.stringMatching(/^ok: esbuild \d/),
      port: "ok: 0 is free",
      data: "ok: .stepwell has no state yet",
      entry: expect.stringMatching(/^ok: .*app\.ts is the app "webhooks" with audit, /),
      region: "open: no AWS region is configured",
      credentials: "open: no AWS credentials are found",
      engine: "open: stepwell cannot be looked for without a region and credentials",
    });
  });

  it("says it line by line, with what to do", async () => {
    const { code, out, err } = await stepwell(["doctor", "--port", "0", "--engine", "mine"], { cwd: scratch() });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(/^✓ Node {9}2\d\./m);
    expect(out).toMatch(/^✗ region {7}no AWS region is configured\n {15}Set AWS_REGION, or give --region\.$/m);
    expect(out).toMatch(/^✗ engine {7}mine cannot be looked for/m);
    expect(out).toContain("Something that is needed is missing");
  });

  it("knows who has the port", async () => {
    const port = await takePort();
    expect(await doctor(["--port", port])).toMatchObject({ port: `failed: ${port} is used by another program` });
    const { url } = await openShop();
    const own = new URL(url).port;
    const ours = `ok: ${own} is used by a stepwell that runs the app "shop"`;
    expect(await doctor(["--port", own])).toMatchObject({ port: ours });
  });

  it("loads the entry, and says why it cannot", async () => {
    const broken = join(scratch(), "app.ts");
    writeFileSync(broken, "export const handler = 1 +;");
    expect((await doctor([broken, "--port", "0"])).entry).toMatch(
      /^failed: The app's entry cannot be built:\n.*app\.ts:1:27/,
    );
    expect((await doctor(["nowhere.ts", "--port", "0"])).entry).toBe("failed: There is no file nowhere.ts.");
  });

  it("knows the region that the AWS CLI and the CDK know", async () => {
    expect(await doctor(["--port", "0"], { AWS_DEFAULT_REGION: "eu-west-1" })).toMatchObject({
      region: "ok: eu-west-1",
    });
  });

  it("tells credentials that are there from an engine that is not", async () => {
    const env = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "x" };
    const found = await doctor(["--port", "0"], {
      ...env,
      AWS_ENDPOINT_URL: "http://127.0.0.1:47",
      AWS_MAX_ATTEMPTS: "1",
    });
    expect(found).toMatchObject({
      region: "ok: us-east-1",
      credentials: "ok: AWS credentials of the access key AKIA…",
      engine: expect.stringMatching(/^open: connect ECONNREFUSED/),
    });
  });
});
