import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "./engine-stack.ts";

const run = promisify(execFile);

/** A proxy that nobody serves: whoever asks the network for anything fails. */
const NO_NETWORK = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };

interface Asset {
  readonly source?: { readonly path?: string; readonly packaging?: string };
}

describe("npx cdk synth", () => {
  let folder = "";
  const made = (file: string) => JSON.parse(readFileSync(join(folder, "out", file), "utf8"));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "stepwell-synth-"));
    const cdk = join(ROOT, "node_modules/aws-cdk/bin/cdk");
    // What `npx` does; and no build, since the tests have their own. Neither credentials nor a region, a home, or Docker.
    const PATH = [join(ROOT, "node_modules/.bin"), dirname(process.execPath), "/bin"].join(delimiter);
    const env = { PATH, HOME: folder, TMPDIR: folder, ...NO_NETWORK };
    await run(process.execPath, [cdk, "synth", "--quiet", "--build", "true", "--output", join(folder, "out")], {
      cwd: ROOT,
      env,
    });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("makes one stack, an engine and its app, without looking anything up", () => {
    const { artifacts, missing } = made("manifest.json") as {
      artifacts: Record<string, { type: string }>;
      missing?: unknown;
    };
    const stacks = Object.entries(artifacts).filter(([, { type }]) => type === "aws:cloudformation:stack");
    expect(stacks.map(([name]) => name)).toEqual(["Stepwell"]);
    expect(missing).toBeUndefined();
  });

  it("packs folders of files, and no image", () => {
    const { files, dockerImages } = made("Stepwell.assets.json") as {
      files: Record<string, Asset>;
      dockerImages: object;
    };
    expect(dockerImages).toEqual({});
    const packaging = Object.values(files).map(({ source }) => source?.packaging);
    // Four doors, the app, the CDK's own Lambda for custom resources; and the template.
    expect(packaging.sort()).toEqual(["file", "zip", "zip", "zip", "zip", "zip", "zip"]);
  });

  it("exports nothing to other stacks, and takes nothing from them", () => {
    const template = readFileSync(join(folder, "out", "Stepwell.template.json"), "utf8");
    expect(template).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput|"Export"/);
  });

  it("finds nothing in the CDK's own validation", () => {
    expect(readdirSync(join(folder, "out")).filter((name) => name.includes("validation"))).toEqual([
      "validation-report.json",
    ]);
    expect(
      made("validation-report.json").pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations),
    ).toEqual([]);
  });
});
