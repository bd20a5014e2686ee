import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { socketClients } from "../../local/open.ts";
import type { Place } from "../target.ts";

/** Where `npm run conformance -- --install` puts emulators; git ignores it. */
export const INSTALLED = join(import.meta.dirname, "../../../.conformance");

const START_MS = 60_000;

/** Why an emulator is not there; undefined: it is. */
export const missingUnless = (file: string): string | undefined =>
  existsSync(join(INSTALLED, file)) ? undefined : "it is not installed (npm run conformance -- --install)";

export interface Emulator {
  readonly account: string;
  /** The command for a port, with an empty folder of its own to work in. */
  command(port: number, folder: string): readonly [program: string, ...args: string[]];
  env?(port: number): Readonly<Record<string, string>>;
  /** A path that answers once it is ready. */
  readonly readyPath: string;
  /** What is to be done before the first test. */
  prepare?(url: string): Promise<void>;
}

/** Starts an emulator on a free port of this machine; it ends with the tests. */
export async function startEmulator({ account, command, env, readyPath, prepare }: Emulator): Promise<Place> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "stepwell-contract-"));
  const [program, ...args] = command(port, folder);
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env?.(port) }, stdio: "ignore" });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  await untilReady(child, `${url}${readyPath}`);
  await prepare?.(url);
  const made = socketClients(url);
  return {
    clients: made,
    account,
    region: "us-east-1",
    now: Date.now,
    pass: (ms) => sleep(ms),
    stop: async () => {
      for (const client of Object.values(made)) client.destroy();
      const over = new Promise((resolve) => child.once("close", resolve));
      kill();
      await over;
      process.off("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const end = Date.now() + START_MS;
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  while (!(await answers(url))) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`The emulator has ended with code ${child.exitCode}.`);
    if (Date.now() > end) throw new Error(`The emulator was not ready after ${START_MS} ms.`);
    await sleep(100);
  }
}

/** Any answer will do: some have nothing to say there but an error. */
const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}
