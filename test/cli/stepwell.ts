import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

const BIN = join(import.meta.dirname, "../../cli/bin.ts");

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly cwd?: string;
}

/** Starts the command line as a process, with pipes, and nothing of this process's environment but what programs need. */
export function startStepwell(args: readonly string[], { env, cwd }: Omit<RunOptions, "input"> = {}): ChildProcess {
  const { PATH, SystemRoot } = process.env;
  // A home without a configuration of AWS, and no wait for a machine's role.
  const bare = { PATH, SystemRoot, HOME: "/nowhere", TZ: "UTC", AWS_EC2_METADATA_DISABLED: "true" };
  return spawn(process.execPath, [BIN, ...args], { env: { ...bare, ...env }, ...(cwd !== undefined && { cwd }) });
}

/** Runs the command line to its end. */
export async function stepwell(args: readonly string[], { input, ...options }: RunOptions = {}): Promise<Said> {
  const child = startStepwell(args, options);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin?.end(input);
  const { stdout, stderr } = child as { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream };
  const [code, out, err] = await Promise.all([ended, text(stdout), text(stderr)]);
  return { code, out, err };
}

/** What a process has written so far, and when it has written something. It is ended with the test. */
export function listen(child: ChildProcess) {
  let all = "";
  const heard = new EventTarget();
  const read = (chunk: Buffer) => {
    all += chunk.toString();
    heard.dispatchEvent(new Event("text"));
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exit;
  });
  /** Resolves when it has written something like that; rejects when it has ended without. */
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(all) && resolve();
      heard.addEventListener("text", look);
      exit.then(() => reject(new Error(`It has ended, and has not said ${pattern}, but:\n${all}`)));
      look();
    });
  return { text: () => all, until, exit };
}

/** A new app's packages are thousands of files. */
const REMOVE_MS_MAX = 120_000;

/** A folder for one test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }), REMOVE_MS_MAX);
  return folder;
}
