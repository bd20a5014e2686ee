import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { RunSummary } from "stepwell";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen, scratch, startStepwell, stepwell } from "./stepwell.ts";

const ROOT = join(import.meta.dirname, "../..");
/** An app whose file lies anywhere: it names this package's files by their paths. */
const appOf = (greeting: string) => `
  import { Stepwell } from ${JSON.stringify(join(ROOT, "sdk/index.ts"))};
  import { serve } from ${JSON.stringify(join(ROOT, "lambdas/runner/index.ts"))};
  const client = new Stepwell({ id: "greeter" });
  const greet = client.createFunction({ id: "greet" }, { event: "greeter/hello" }, async ({ event, step, logger }) => {
    const text = await step.run("greet", () => {
      console.log(\`greeting \${event.data.name}\`);
      return \`${greeting} \${event.data.name}\`;
    });
    if (event.data.name === "nobody") throw new RangeError("there is nobody");
    return text;
  }, );
  export const handler = serve({ client, functions: [greet] });
`;

async function startDev(folder: string, ...args: string[]) {
  const child = startStepwell(["dev", "app.ts", "--port", "0", ...args], { cwd: folder });
  const said = listen(child);
  await said.until(/--entries|stepwell: /);
  const url = /runs at (http:\S+);/.exec(said.text())?.[1] ?? "";
  return { child, url, ...said };
}

function newApp(): string {
  const folder = scratch();
  writeFileSync(join(folder, "app.ts"), appOf("Hello"));
  return folder;
}

const runsAt = async (url: string) =>
  ((await (await fetch(`${url}/api/runs`)).json()) as { runs: readonly RunSummary[] }).runs;

/** A port that something else listens on. */
async function takePort(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe("stepwell dev", () => {
  it("runs an app, says how to reach it, logs what happens, and keeps the state from one start to the next", async () => {
    const folder = newApp();
    const first = await startDev(folder);
    expect(first.text()).toMatch(/^ {2}greet {2}greeter\/hello$/m);
    expect(first.text()).toContain(`npx stepwell send greeter/hello '{}' --url ${first.url}`);
    expect(first.text()).toContain(`--endpoint-url ${first.url}`);
    const sent = await stepwell(["send", "greeter/hello", '{"name":"Ada"}', "--url", first.url, "--json"]);
    const [{ id }] = JSON.parse(sent.out).runs;
    await first.until(/run completed/);
    const lines = first.text().split("\n");
    const of = (text: string) => lines.find((line) => line.includes(text));
    expect(of("run started")).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d {2}${id.slice(-6)} {2}greet {2}run started$`));
    expect(of("greeting Ada")).toMatch(new RegExp(`${id.slice(-6)} {2}greet › greet {2}greeting Ada$`));
    first.child.kill("SIGINT");
    expect(await first.exit).toBe(130);
    expect(first.text()).toContain("Closed. The state is kept in .stepwell.");
    expect(readFileSync(join(folder, ".stepwell", ".gitignore"), "utf8")).toBe("*\n");

    const second = await startDev(folder);
    expect(await runsAt(second.url)).toMatchObject([{ id, status: "completed" }]);
    second.child.kill("SIGTERM");
    expect(await second.exit).toBe(143);

    const fresh = await startDev(folder, "--fresh");
    expect(await runsAt(fresh.url)).toEqual([]);
  });

  it("takes PutEvents of any AWS SDK client, and says why a run failed", async () => {
    const dev = await startDev(newApp());
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const eventBridge = new EventBridgeClient({ endpoint: dev.url, region: "us-east-1", credentials });
    const entry = { EventBusName: "stepwell", Source: "cli", DetailType: "greeter/hello", Detail: '{"name":"nobody"}' };
    expect(await eventBridge.send(new PutEventsCommand({ Entries: [entry] }))).toMatchObject({ FailedEntryCount: 0 });
    await dev.until(/will be tried again/);
    expect(dev.text()).toMatch(/greet {2}the handler failed, will be tried again {2}RangeError: there is nobody/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a pipe gets no colours
    expect(dev.text()).not.toMatch(/\u001b/);
  });

  it("takes a change of the code, and goes on with the code of before while it is broken", async () => {
    const folder = newApp();
    const dev = await startDev(folder);
    writeFileSync(join(folder, "app.ts"), "export const handler = (");
    await dev.until(/could not be reloaded[^\n]*\n[\s\S]*app\.ts:1:\d+/);
    writeFileSync(join(folder, "app.ts"), appOf("Goodbye"));
    await dev.until(/app reloaded/);
    const sent = await stepwell(["send", "greeter/hello", '{"name":"Ada"}', "--url", dev.url, "--json"]);
    const [{ id }] = JSON.parse(sent.out).runs;
    const shown = await stepwell(["runs", id, "--watch", "--json", "--url", dev.url]);
    expect(JSON.parse(shown.out.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ output: "Goodbye Ada" });
  });

  it("does not start, and says what to do, when the port is taken by another program or by another stepwell", async () => {
    const folder = newApp();
    const port = String(await takePort());
    const other = await stepwell(["dev", "app.ts", "--port", port], { cwd: folder });
    expect(other).toMatchObject({ code: 1, out: "" });
    expect(other.err).toContain(`The port ${port} is used by another program. [STEPWELL_INVALID_OPTION]`);
    expect(other.err).toContain(`--port ${Number(port) + 1}`);
    const dev = await startDev(folder);
    const ours = await stepwell(["dev", "app.ts", "--port", new URL(dev.url).port], { cwd: folder });
    expect(ours.err).toContain('is used by a stepwell that runs the app "greeter"');
    const sameData = await stepwell(["dev", "app.ts", "--port", "0", "--fresh"], { cwd: folder });
    expect(sameData).toMatchObject({ code: 1, err: expect.stringContaining("Is another local cloud using it?") });
    expect((await fetch(`${dev.url}/api/runs`)).status).toBe(200);
  });

  it.each([
    ["no such file", undefined, /There is no file app\.ts\. \[STEPWELL_INVALID_OPTION\]/],
    ["a syntax error", "export const = 1", /app\.ts:1:14[\s\S]*\[STEPWELL_ENTRY_FAILED\]/],
    [
      "another handler",
      "export const handler = () => 1",
      /serve\({ client, functions }\)[\s\S]*\[STEPWELL_ENTRY_FAILED\]/,
    ],
  ])("refuses an entry with %s", async (_, code, message) => {
    const cwd = scratch();
    if (code !== undefined) writeFileSync(join(cwd, "app.ts"), code);
    const said = await stepwell(["dev", "app.ts", "--port", "0"], { cwd });
    expect(said).toMatchObject({ code: 1, out: "" });
    expect(said.err).toMatch(message);
  });

  it("empties no folder that is not its own", async () => {
    const folder = newApp();
    mkdirSync(join(folder, "thesis"));
    writeFileSync(join(folder, "thesis", "chapter-1.tex"), "");
    const { code, err } = await stepwell(["dev", "app.ts", "--port", "0", "--fresh", "--data", "thesis"], {
      cwd: folder,
    });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("has other things in it") });
    expect(readdirSync(join(folder, "thesis"))).toEqual(["chapter-1.tex"]);
  });
});
