import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { lambdaBundle } from "../../lambdas/bundle.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The sources, whatever lies in `dist`. */
const alias = { stepwell: path("sdk/index.ts"), "stepwell/lambda": path("lambdas/runner/index.ts") };

const { outputFiles, metafile } = await build({
  ...lambdaBundle(path("bench/hello-world.ts")),
  outdir: "bundle",
  alias,
  metafile: true,
  write: false,
});
const outputs = Object.values(metafile.outputs);
const importsOf = (kind: string) =>
  outputs
    .flatMap(({ imports }) => imports)
    .filter((imported) => imported.external === true && imported.kind === kind && !isBuiltin(imported.path))
    .map((imported) => imported.path);

describe("the bundle of a hello-world app", () => {
  it("has at most 620,000 bytes in all its files", () => {
    const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(620_000);
  });

  it("has at most 60,000 bytes of the SDK itself, not counting what reads CEL and cron texts", () => {
    const inputs = outputs.flatMap((output) => Object.entries(output.inputs));
    const own = inputs.filter(([input]) => /(^|\/)sdk\//.test(input) && !input.includes("node_modules/"));
    const counted = own.filter(([input]) => !/\/expressions\/(cel|cron)/.test(input));
    const bytes = counted.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
    // Not nothing, should the folder be called something else one day.
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThanOrEqual(60_000);
  });

  it("has nothing of what runs middleware", () => {
    const inputs = outputs.flatMap((output) => Object.entries(output.inputs));
    const carried = inputs.filter(([name, { bytesInOutput }]) => name.includes("sdk/middleware/") && bytesInOutput > 0);
    expect(carried.map(([name]) => name).filter((name) => !name.endsWith("/option.ts"))).toEqual([]);
  });

  it("reads nothing at its start but itself and Node's own modules", () => {
    expect(importsOf("import-statement")).toEqual([]);
  });

  it("has the clients of waits and of long sleeps on board, in files that no start reads", () => {
    expect(importsOf("dynamic-import")).toContain("@aws-sdk/client-s3");
    for (const client of ["@aws-sdk/client-sfn", "@aws-sdk/client-scheduler"]) {
      const files = outputs.filter(({ inputs }) => Object.keys(inputs).some((input) => input.includes(`/${client}/`)));
      expect(files).toHaveLength(1);
      expect(atStart("bundle/index.mjs")).not.toContain(files[0]);
    }
  });
});

/** A file of the bundle, and all that it imports statically. */
function atStart(file: string): readonly (typeof outputs)[number][] {
  const output = metafile.outputs[file];
  if (output === undefined) throw new Error(`There is no file ${file}.`);
  const imported = output.imports.filter(({ kind, external }) => kind === "import-statement" && external !== true);
  return [output, ...imported.flatMap(({ path }) => atStart(path))];
}

it("a bundled class keeps its name, which is the name of its errors", async () => {
  const { entryPoints: _, splitting, ...options } = lambdaBundle("");
  const contents = "export class CardDeclined extends Error {}";
  const { outputFiles } = await build({ ...options, stdin: { contents }, write: false });
  expect(outputFiles[0]?.text).toContain('"CardDeclined"');
});
