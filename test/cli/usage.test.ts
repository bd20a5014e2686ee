import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratch, stepwell } from "./stepwell.ts";

const COMMANDS = ["dev", "send", "runs", "skips", "cancel", "dead", "redrive", "init", "doctor"];
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));

describe.concurrent("help", () => {
  it("names every command", async () => {
    const { code, out, err } = await stepwell(["--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} .*`, "m"));
  });

  it.each(COMMANDS)("of %s has its options, and is documented option by option", async (command) => {
    const { code, out, err } = await stepwell([command, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name as string);
    const chapter = docs.split(/^## /m).find((text) => text.startsWith(`\`stepwell ${command}`)) ?? "";
    expect(options.filter((name) => name !== "--help" && !chapter.includes(name))).toEqual([]);
  });

  it("is what a mistake points to, on stderr", async () => {
    const { code, out, err } = await stepwell([]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("Usage: stepwell");
  });

  it("does not load what it does not need", async () => {
    const imports =
      "data:text/javascript,import { registerHooks } from 'node:module'; registerHooks({ resolve(name, context, next) { if (/aws-sdk|dynalite|esbuild|classic-level/.test(name)) throw new Error('loads ' + name); return next(name, context); } });";
    const { code, out, err } = await stepwell(["--help"], { env: { NODE_OPTIONS: `--import=${encodeURI(imports)}` } });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: stepwell");
  });
});

const docs = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");

it("the version is the package's", async () => {
  expect(await stepwell(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

describe.concurrent("wrong usage ends with exit code 2, nothing on stdout, and what is wrong:", () => {
  it.each<[string, RegExp, string?]>([
    ["nonsense", /unknown command 'nonsense'/],
    ["--nonsense", /unknown option '--nonsense'/],
    ["dev", /missing required argument 'entry'/],
    ["dev a.ts --port http", /'http' is invalid. It is a whole number from 0 to 65535/],
    ["dev a.ts b.ts", /too many arguments/],
    ["send", /missing required argument 'name'/],
    ["send a {} --ids x", /unknown option '--ids'\n\(Did you mean --id\?\)/],
    ["send a {oops", /The data is not JSON: line 1, column 2: "o" cannot be there/],
    [
      "send a -",
      /The data from stdin is not JSON: line 3, column 3: "x" cannot be there.\n {4}x: 1}\n {4}\^/,
      '{\n"a":1,\n  x: 1}',
    ],
    ["send a - --user -", /Stdin cannot be the data and the user at once/, "{}"],
    ["send a {} --user [1", /The user is not JSON: line 1, column 3: it ends too early/],
    ["send a {} --ts yesterday", /--ts: "yesterday" is not a time/],
    ["send a {} --url nonsense", /"nonsense" is not a URL/],
    ["send a {} --region us-east-1", /--region is for a deployed engine/],
    ["runs --status lost", /Allowed choices are queued, running/],
    ["runs --limit 0", /It is a whole number from 1 to 1000/],
    ["runs x --status failed", /--status is for lists of runs/],
    ["runs --environment main", /--environment is for a deployed engine/],
    ["audit --region us-east-1", /--region is for a deployed engine/],
    ["audit --url nonsense", /"nonsense" is not a URL/],
    ["audit --repaire", /unknown option '--repaire'\n\(Did you mean --repair\?\)/],
    ["init . --name Not!Good", /"Not!Good" cannot be the name of an app/],
    ["doctor --port -1", /./],
  ])("stepwell %s", async (line, message, input) => {
    const { code, out, err } = await stepwell(line.split(" "), {
      cwd: scratch(),
      ...(input !== undefined && { input }),
    });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^stepwell: /);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

it("an old Node is told that it is old, before anything else is loaded", async () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.11.1' })";
  const { code, out, err } = await stepwell(["--help"], { env: { NODE_OPTIONS: `--import=${encodeURI(old)}` } });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("Stepwell needs Node 22.12 or newer; this is 20.11.1.");
});
