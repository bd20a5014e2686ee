import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { AppProcess } from "../../local/app-process/app-process.ts";
import { readOutput } from "../../local/app-process/output.ts";
import { isAlive, temporaryFolder, until } from "./apps/journal.ts";
import { collectLines } from "./apps/lines.ts";

it("pipes that what the app has started holds open are let go of with its process", async () => {
  const bundle = join(temporaryFolder(onTestFinished), "app.mjs");
  const text = `
    import { spawn } from "node:child_process";
    const { pid } = spawn(process.execPath, ["-e", "setInterval(() => {}, 1_000)"], { stdio: "inherit" });
    console.log(String(pid));
    export const handler = () => {};`;
  writeFileSync(bundle, text);
  const pipes = () => process.getActiveResourcesInfo().filter((resource) => resource === "PipeWrap").length;
  const before = pipes();
  const { lines, logger } = collectLines();
  const app = new AppProcess({ bundle, env: process.env, log: logger });
  await app.loaded;
  await until("it has said what it has started", () => lines.length > 0);
  const started = Number(lines[0]?.message);
  onTestFinished(() => void process.kill(started, "SIGKILL"));
  await app.end();
  expect(isAlive(started)).toBe(true);
  await until("its pipes are closed", () => pipes() === before, 2_000);
});

it("output without an end of line is handed on in pieces, instead of being kept for ever", async () => {
  const stdout = new PassThrough();
  const { lines, logger } = collectLines();
  readOutput(stdout, new PassThrough(), logger);
  const chunk = "x".repeat(64 * 1024);
  for (let i = 0; i < 40; i++) stdout.write(chunk);
  stdout.write("\nnext\n");
  await until("all is read", () => lines.at(-1)?.message === "next");
  expect(lines.map(({ message }) => message.length)).toEqual([1_048_576, 1_048_576, 524_288, 4]);
});
