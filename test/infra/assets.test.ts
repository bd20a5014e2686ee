import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBundle } from "../../infra/app-bundle.ts";
import { lambdaBundle } from "../../lambdas/bundle.ts";
import { DOORS, type DoorName, MANIFEST_REQUEST } from "../../lambdas/contract.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** What Lambda would unpack: outside of this package, so that nothing is found in its `node_modules`. */
let folder = "";
const fileOf = (asset: string) => join(folder, asset, "index.mjs");

/** Bundling takes a second, and more where much else is running. */
const BUNDLE_MS = 60_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stepwell-assets-"));
  await Promise.all(DOORS.map(unpackDoor));
  withBundle(join(root, "examples/webhooks/app.ts"), {}, (at) => cpSync(at, join(folder, "app"), { recursive: true }));
}, BUNDLE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function unpackDoor(door: DoorName): Promise<void> {
  const built = join(root, "dist/assets", door);
  if (existsSync(built)) return cpSync(built, join(folder, door), { recursive: true });
  await build({ ...lambdaBundle(join(root, `lambdas/${door}/handler.ts`)), outdir: join(folder, door) });
}

/** Evaluates a script in a fresh process with an empty environment; `handler` is what the asset exports. Its output is JSON. */
async function inFreshProcess(asset: string, script: string): Promise<unknown> {
  const load = `const { handler } = await import(${JSON.stringify(pathToFileURL(fileOf(asset)).href)});`;
  const code = `${load} console.log(JSON.stringify(await (${script})(handler) ?? null));`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", code], {
    env: {},
    cwd: folder,
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("every asset is imported from its file, without environment, and exports its handler", () => {
  it.each([...DOORS, "app"])("%s", async (asset) => {
    expect(await inFreshProcess(asset, "(handler) => typeof handler")).toBe("function");
  });
});

it("the app's asset tells its functions before it knows its engine", async () => {
  const answer = await inFreshProcess("app", `(handler) => handler(${JSON.stringify(MANIFEST_REQUEST)}, {})`);
  expect(answer).toMatchObject({ v: 1, app: "webhooks" });
  const { functions } = answer as { functions: { id: string }[] };
  expect(functions.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["audit", "weekly-report", "deploy-production-failure"]),
  );
});

it.each([...DOORS, "app"])("%s says what is missing when it is called without an engine", async (asset) => {
  const call =
    "async (handler) => { try { await handler({ Records: [] }, { getRemainingTimeInMillis: () => 1000 }); } catch (error) { return error.code; } }";
  expect(await inFreshProcess(asset, call)).toBe("STEPWELL_NO_ENGINE");
});
