import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { startLocal } from "stepwell/local";
import { expect, it, onTestFinished, vi } from "vitest";
import { isAlive, temporaryFolder, until } from "./apps/journal.ts";
import { collectLines, type Line } from "./apps/lines.ts";
import { socketClients } from "./open.ts";

// Bundles are made and processes started: that takes its time on a machine that has much else to do.
vi.setConfig({ testTimeout: 120_000 });

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The text of an entry whose one function, of the event `app/go`, has this handler. */
const appText = (handler: string, { id = "app", before = "" } = {}) => `
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { serve } from ${JSON.stringify(source("lambdas/runner/index.ts"))};
import { Stepwell } from ${JSON.stringify(source("sdk/index.ts"))};
${before}
const client = new Stepwell({ id: ${JSON.stringify(id)} });
const go = client.createFunction({ id: "go" }, { event: "app/go" }, ${handler});
export const handler = serve({ client, functions: [go] });
`;

/** A folder with an entry in it. */
function writeApp(text: string) {
  const folder = temporaryFolder(onTestFinished);
  const entry = join(folder, "app.ts");
  const write = (changed: string) => writeFileSync(entry, changed);
  write(text);
  return { folder, entry, write, file: (name: string) => join(folder, name) };
}

async function openApp(text: string, options: { timeout?: string; env?: Record<string, string> } = {}) {
  const app = writeApp(text);
  const { lines, logger } = collectLines();
  const cloud = await startLocal({ entry: app.entry, logger, ...options, env: { FOLDER: app.folder, ...options.env } });
  onTestFinished(() => cloud.close());
  const go = async (data: object = {}) => {
    const { ids } = await cloud.send({ name: "app/go", data });
    return ids[0];
  };
  const start = async (data: object = {}) => (await cloud.runsOf(await go(data)))[0]?.id;
  const said = (level: string, part: string) =>
    lines.some((line) => line.level === level && `${line.message} ${JSON.stringify(line.fields)}`.includes(part));
  return { ...app, cloud, lines, go, start, said };
}

const problemOf = async (text: string) => {
  const { entry } = writeApp(text);
  return startLocal({ entry, logger: collectLines().logger }).catch((error: unknown) => error);
};

it.each<[string, object, string]>([
  ["a virtual clock", { entry: "./app.ts", clock: "virtual" }, 'clock: cannot be "virtual" with `entry`'],
  ["functions beside it", { entry: "./app.ts", functions: [] }, "functions: cannot be given with `entry`"],
  ["a file that is not there", { entry: "./no-such-app.ts" }, "there is no file"],
  ["an environment of other than texts", { entry: import.meta.url, env: { A: 1 } }, "env: must be an object of texts"],
  [
    "an option that nobody knows",
    { entry: import.meta.url, watch: true },
    'there is no option "watch". The options are: entry, env, clock',
  ],
  ["an entry that is no path", { entry: 7 }, "entry: must be a path or a file URL"],
])("an entry with %s is refused", async (_what, options, message) => {
  await expect(startLocal(options as never)).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: expect.stringContaining(message),
  });
});

it.each<[string, string, string]>([
  [
    "cannot be built",
    'import { x } from "./missing.ts";\nconsole.log(x);',
    'app.ts:1:19: Could not resolve "./missing.ts"',
  ],
  ["throws", "const n: number = 1;\nthrow new TypeError(String(n));", "app.ts:2"],
  ["exits", 'process.stderr.write("I have had enough\\n");\nprocess.exit(3);', "exit code 3.\nI have had enough"],
  ["exports no handler", "export const app = 1;", "it exports no function `handler`"],
  [
    "exports a handler of another kind",
    "export const handler = async () => ({ ok: true });",
    "is not one of Stepwell's",
  ],
])("an entry that %s is refused, and the message says where and why", async (_what, text, message) => {
  expect(await problemOf(text)).toMatchObject({
    code: "STEPWELL_ENTRY_FAILED",
    message: expect.stringContaining(message),
  });
});

it("what an entry has written is there to read when it could not be loaded, and once when it could", async () => {
  const writes = (after: string) =>
    appText("async () => 1", { before: `console.log("about to ask for a secret");${after}` });
  const ofLoading = (lines: readonly Line[]) => lines.filter(({ message }) => message === "about to ask for a secret");
  const { lines, logger } = collectLines();
  const { entry } = writeApp(writes('throw new Error("there is none");'));
  await expect(startLocal({ entry, logger })).rejects.toMatchObject({ code: "STEPWELL_ENTRY_FAILED" });
  expect(ofLoading(lines)).toHaveLength(1);
  expect(ofLoading((await openApp(writes(""))).lines)).toHaveLength(1);
});

it("the app finds what Lambda gives it, and its own environment", async () => {
  const { cloud, start } = await openApp(
    appText(
      `async ({ step }) => step.run("look", () => {
        const { AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_ENDPOINT_URL, OWN } = process.env;
        return { AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_ENDPOINT_URL, OWN, ...seen };
      })`,
      { before: "enum Shade { Dark = 'dark' }\nlet seen = {};" },
    ).replace(
      "export const handler = serve({ client, functions: [go] });",
      `const app = serve({ client, functions: [go] });
       export const handler = (event: unknown, context: never) => {
         const { awsRequestId, functionName, memoryLimitInMB, getRemainingTimeInMillis } = context as Record<string, unknown>;
         const left = (getRemainingTimeInMillis as () => number)();
         seen = { shade: Shade.Dark, id: typeof awsRequestId, functionName, memoryLimitInMB, inTime: left > 290_000 && left <= 300_000 };
         return app(event, context);
       };`,
    ),
    { env: { OWN: "mine" } },
  );
  const run = await cloud.waitForRun(await start());
  expect(run.output).toEqual({
    AWS_LAMBDA_FUNCTION_NAME: "stepwell-app-main-app",
    AWS_LAMBDA_FUNCTION_VERSION: "local-1",
    OWN: "mine",
    shade: "dark",
    id: "string",
    functionName: "stepwell-app-main-app",
    memoryLimitInMB: "512",
    inTime: true,
  });
  expect(cloud.meter().invocations).toBe(1);
});

it("the app's own AWS clients work in the region of the environment, else of the profile, else in some region", async () => {
  const look = appText('({ step }) => step.run("look", () => process.env.AWS_REGION)');
  const regionIn = async (env: Record<string, string>) => {
    const { cloud, start } = await openApp(look, { env });
    return (await cloud.waitForRun(await start())).output;
  };
  const config = join(temporaryFolder(onTestFinished), "config");
  vi.stubEnv("AWS_REGION", undefined).stubEnv("AWS_DEFAULT_REGION", undefined).stubEnv("AWS_CONFIG_FILE", config);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await regionIn({})).toBe("us-east-1");
  vi.stubEnv("AWS_CONFIG_FILE", `${config}-of-mine`);
  writeFileSync(`${config}-of-mine`, "[profile mine]\nregion = eu-west-1\n");
  expect(await regionIn({ AWS_PROFILE: "mine" })).toBe("eu-west-1");
  expect(await regionIn({ AWS_PROFILE: "mine", AWS_DEFAULT_REGION: "eu-north-1" })).toBe("eu-north-1");
  expect(await regionIn({ AWS_PROFILE: "mine", AWS_REGION: "sa-east-1" })).toBe("sa-east-1");
});

it("what the app writes comes with run and step, and a stack in one piece", async () => {
  const { cloud, start, lines } = await openApp(
    appText(`async ({ step, logger }) => {
      console.log("in the %s", "handler");
      await step.run("talk", async () => {
        await pause(5);
        console.warn("in a step", { a: 1 });
        logger.info("by the logger", { b: 2 });
        console.error(new Error("in one piece"));
        process.stdout.write("plain\\n");
      });
    }`),
  );
  const runId = await start();
  await cloud.waitForRun(runId);
  await until("all has arrived", () => lines.some(({ message }) => message === "run completed"));
  const of = (part: string) => lines.find(({ message }) => message.includes(part));
  const here = { app: "app", functionId: "go", runId, attempt: 0 };
  expect(of("in the handler")).toEqual({ level: "info", message: "in the handler", fields: here });
  const inStep = { ...here, stepId: "talk" };
  expect(of("step started")).toEqual({ level: "debug", message: "step started", fields: inStep });
  expect(of("in a step")).toEqual({ level: "warn", message: "in a step { a: 1 }", fields: inStep });
  expect(of("by the logger")).toEqual({ level: "info", message: "by the logger", fields: { ...inStep, b: 2 } });
  expect(of("in one piece")).toMatchObject({ level: "error", fields: inStep });
  expect(of("in one piece")?.message).toMatch(/^Error: in one piece\n {4}at .*app\.ts:\d+/);
  expect(of("plain")).toEqual({ level: "info", message: "plain", fields: {} });
});

it("a changed file is taken in for new runs, while running ones end in the old code", async () => {
  const handler = (version: string) => `async ({ step, event }) => {
    const begun = process.env.FOLDER + "/begun-${version}";
    await step.run("wait", async () => {
      writeFileSync(begun, "");
      while (event.data.slow && !existsSync(process.env.FOLDER + "/go")) await pause(10);
    });
    return "${version}";
  }`;
  const { cloud, start, write, file, said } = await openApp(appText(handler("one")));
  const { pid = 0 } = cloud.app;
  const slow = await start({ slow: true });
  await until("the slow run is in its step", () => existsSync(file("begun-one")));
  write(appText(handler("two")));
  await until("the new code is in service", () => cloud.app.codeVersion === "local-2");
  expect((await cloud.waitForRun(await start())).output).toBe("two");
  expect((await cloud.run(slow))?.status).toBe("running");
  writeFileSync(file("go"), "");
  expect((await cloud.waitForRun(slow)).output).toBe("one");
  await until("the old process is gone", () => !isAlive(pid));
  expect(said("info", "app reloaded")).toBe(true);
});

it("a change that is no app, or another app, is logged with its place, and the code of before stays", async () => {
  const good = appText(`async () => "good"`);
  const { cloud, start, write, said } = await openApp(good);
  const { pid } = cloud.app;
  const isRefused = async (text: string, reason: string) => {
    write(text);
    await until(`this is refused: ${reason}`, () => said("error", reason));
    expect(cloud.app).toEqual({ pid, starts: expect.any(Number), codeVersion: "local-1" });
    expect((await cloud.waitForRun(await start())).output).toBe("good");
  };
  await isRefused("const broken = ;", "app.ts:1:16: Unexpected");
  await isRefused(appText(`async () => "bad"`, { before: 'throw new Error("not today");' }), "not today");
  await isRefused(appText(`async () => "other"`, { id: "other" }), 'The client is now \\"other\\"');
  const large = appText(`async () => "large"`).replace('{ id: "go" }', '{ id: "go", name: "x".repeat(400_000) }');
  await isRefused(large, "bytes in the registry");
  write(appText(`async () => "better"`));
  await until("the new code is in service", () => cloud.app.pid !== pid);
  expect((await cloud.waitForRun(await start())).output).toBe("better");
});

it("while the app cannot be started, messages wait uncounted, and the reason is logged once", async () => {
  const before = `if (existsSync(process.env.FOLDER + "/broken")) throw new Error("the database is away");`;
  const { cloud, go, file, lines, said } = await openApp(appText(`async () => "done"`, { before }));
  writeFileSync(file("broken"), "");
  process.kill(cloud.app.pid ?? 0, "SIGKILL");
  await until("it cannot be started", () => said("error", "the database is away"));
  const eventId = await go();
  const { sqs } = socketClients(cloud.url);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "stepwell-runs-main-app" }));
  const waiting = async () => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    return Attributes;
  };
  await until("the message is there", async () => (await waiting())?.ApproximateNumberOfMessages === "1");
  expect(await waiting()).toMatchObject({ ApproximateNumberOfMessagesNotVisible: "0" });
  rmSync(file("broken"));
  await until("it is up again", () => cloud.app.pid !== undefined);
  const [run] = await cloud.runsOf(eventId);
  expect((await cloud.waitForRun(run?.id)).output).toBe("done");
  expect(lines.filter(({ level }) => level === "error")).toHaveLength(1);
  sqs.destroy();
});

it("an invocation that passes its deadline costs the process its service, and its neighbours nothing", async () => {
  const { cloud, start, file, said } = await openApp(
    appText(`async ({ step, event }) => {
      const { name } = event.data;
      return step.run("work", async () => {
        appendFileSync(process.env.FOLDER + "/" + name, "x");
        while (name === "hung" || !existsSync(process.env.FOLDER + "/go")) await pause(10);
        return process.pid;
      });
    }`),
    { timeout: "6s" },
  );
  const { pid = 0 } = cloud.app;
  await start({ name: "hung" });
  await until("it hangs", () => existsSync(file("hung")));
  const hungAt = performance.now();
  await until("half of its time is over", () => performance.now() - hungAt > 3_000);
  const neighbour = await start({ name: "neighbour" });
  await until("its time is over", () => said("warn", "has passed its deadline"));
  writeFileSync(file("go"), "");
  expect(await cloud.waitForRun(neighbour)).toMatchObject({ output: pid, steps: [{ attempts: 1 }] });
  await until("the process is gone", () => !isAlive(pid));
  await until("another is in service", () => cloud.app.pid !== undefined);
});

it("an error that nobody caught ends the process, and is logged with its stack", async () => {
  const { cloud, start, said, lines } = await openApp(
    appText(`async ({ step }) => step.run("explode", async () => {
      setTimeout(() => { throw new Error("nobody caught this"); }, 5);
      await pause(60_000);
    })`),
  );
  await start();
  await until("another process is in service", () => cloud.app.starts === 2);
  expect(lines.some(({ message }) => /Error: nobody caught this\n {4}at .*app\.ts:\d+/.test(message))).toBe(true);
  expect(said("warn", "it ended with exit code 129")).toBe(true);
});

it("an entry may be a file URL, and closing ends its process, also the second time", async () => {
  const { entry } = writeApp(appText(`async () => "done"`));
  const cloud = await startLocal({ entry: pathToFileURL(entry), logger: collectLines().logger });
  const { pid = 0 } = cloud.app;
  // Ctrl-C in a terminal reaches both: it is the cloud's to close in order.
  process.kill(pid, "SIGINT");
  const { ids } = await cloud.send({ name: "app/go", data: {} });
  const [run] = await cloud.runsOf(ids[0]);
  expect((await cloud.waitForRun(run?.id)).output).toBe("done");
  expect(cloud.app).toEqual({ pid, starts: 1, codeVersion: "local-1" });
  await Promise.all([cloud.close(), cloud.close()]);
  expect(isAlive(pid)).toBe(false);
  await cloud.close();
});

it("a cloud that is closed while changes are taken in leaves no process behind", async () => {
  const { cloud, write, file } = await openApp(appText("() => 1"));
  const built = (name: string) =>
    readdirSync(tmpdir()).some(
      (folder) => folder.startsWith(`stepwell-app-${process.pid}-`) && existsSync(join(tmpdir(), folder, name)),
    );
  write(appText("() => 2", { before: 'writeFileSync(process.env.FOLDER + "/second", "");\nawait pause(60_000);' }));
  await until("the first change is being loaded", () => existsSync(file("second")));
  write(appText("() => 3", { before: 'writeFileSync(process.env.FOLDER + "/third", "");' }));
  await until("the next one waits for its turn", () => built("app-3.mjs"));
  await cloud.close();
  expect(existsSync(file("third"))).toBe(false);
  expect(cloud.app.starts).toBe(1);
});
