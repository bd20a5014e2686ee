import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** DESIGN.md §2: the rooms, and whom their files may import. A room is the longest of these paths that a file lies under. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "sdk/protocol": [],
  "sdk/expressions": ["sdk/protocol"],
  "sdk/execution": ["sdk/protocol"],
  sdk: ["sdk/protocol", "sdk/expressions", "sdk/execution"],
  "lambdas/contract.ts": [],
  "lambdas/engine": ["sdk/protocol", "sdk/expressions"],
  // Clients, keys and one file a job; of the engine only its types.
  "lambdas/aws": ["sdk/protocol", "lambdas/engine", "lambdas/contract.ts"],
  "lambdas/middleware": ["sdk/protocol"],
  "lambdas/router": DOOR(),
  "lambdas/runner": DOOR(),
  "lambdas/sweeper": DOOR(),
  "lambdas/registrar": DOOR(),
  "lambdas/dead-letters": DOOR(),
  // A dead letter is sent anew only if the router can read it.
  "lambdas/api": [...DOOR(), "lambdas/router/ingest-message.ts"],
  // The composition root of the Lambdas.
  "lambdas/process.ts": ["sdk/protocol", "sdk/execution", "lambdas/aws", "lambdas/contract.ts"],
  "lambdas/bundle.ts": [],
  // Names and call shapes of others; their `serve` alone needs the runner.
  dropin: ["sdk", "middleware", "lambdas/runner"],
  local: ["lambdas", "sdk"],
  // The real engine in the process of a test.
  "test-kit": ["local", "lambdas", "sdk"],
  // Middleware that is shipped: `stepwell/middleware`.
  middleware: ["sdk"],
  // Doors by path only: what is deployed is what has been built.
  infra: ["lambdas/contract.ts", "lambdas/bundle.ts"],
  // Judges what the engine's stores have written.
  audit: ["sdk/protocol", "sdk/execution", "lambdas/contract.ts", "lambdas/engine", "lambdas/aws"],
  // The simulator: not shipped.
  sim: ["audit", "local", "lambdas", "sdk"],
  cli: ["audit", "local", "lambdas", "sdk"],
  // What `stepwell init` writes: a user's code.
  "cli/template": [],
};

function DOOR(): readonly string[] {
  return [
    "sdk/protocol",
    "sdk/expressions",
    "sdk/execution",
    "lambdas/engine",
    "lambdas/aws",
    "lambdas/middleware",
    "lambdas/process.ts",
    "lambdas/contract.ts",
  ];
}

/** Packages by room; Node's own modules are free, but for what reads the clock or the environment. */
const PACKAGES: Readonly<Record<string, readonly RegExp[]>> = {
  "sdk/expressions": [/^@marcbachmann\/cel-js$/, /^croner$/],
  sdk: [/^@standard-schema\/spec$/],
  "lambdas/aws": [/^@aws-sdk\//],
  "lambdas/router": [/^@middy\/core$/],
  "lambdas/runner": [/^@middy\/core$/],
  "lambdas/sweeper": [/^@middy\/core$/],
  // It alone calls apps: to ask who they are.
  "lambdas/registrar": [/^@middy\/core$/, /^@aws-sdk\/client-lambda$/],
  "lambdas/dead-letters": [/^@middy\/core$/],
  "lambdas/middleware": [/^@middy\/core$/],
  local: [/^@aws-sdk\//, /^dynalite/, /^croner$/, /^classic-level$/, /^esbuild$/],
  audit: [/^@aws-sdk\//],
  infra: [/^aws-cdk-lib/, /^constructs$/, /^esbuild$/],
  cli: [/^commander$/, /^@aws-sdk\//, /^esbuild$/],
  "cli/template": [/^stepwell(\/\w+)?$/, /^aws-cdk-lib$/],
};

/** The one way from the SDK into the engine: lazily, so that a bundle without sending has no AWS client. */
const LAZY = { from: "sdk/client/send.ts", to: "lambdas/aws/bus.ts" };

const PURE = ["sdk/protocol", "sdk/expressions", "sdk/execution", "lambdas/engine"];
const IMPURE =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\bsetTimeout\b|\bprocess\.env\b|\bperformance\.now\b/;

const FILE_LINES_MAX = 400;
const MEDIAN_LINES_MAX = 120;

const root = join(import.meta.dirname, "..");
const sourcesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));

const SHIPPED = ["sdk", "middleware", "lambdas", "local", "test-kit", "dropin", "infra", "cli", "audit"];
const files = [...SHIPPED, "sim"].flatMap(sourcesUnder);
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const code = (file: string) => textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

const roomOf = (file: string): string =>
  Object.keys(ROOMS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0] ?? "";

const importsOf = (file: string): { readonly target: string; readonly lazy: boolean }[] =>
  [...code(file).matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([\w@./:-]+)"/gm)].map(([text, target]) => ({
    target: target as string,
    lazy: text.includes("("),
  }));

const isAllowed = (room: string, target: string) => {
  const allowed = ROOMS[room] ?? [];
  return roomOf(target) === room || allowed.some((other) => target === other || target.startsWith(`${other}/`));
};

describe("the rooms of DESIGN.md §2", () => {
  it("every file lies in a room", () => {
    expect(files.filter((file) => roomOf(file) === "")).toEqual([]);
  });

  it("files import only what their room may", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => target.startsWith("."))
        .map(({ target, lazy }) => ({ lazy, target: relative(root, join(root, dirname(file), target)) }))
        .filter(({ target, lazy }) => !(lazy && file === LAZY.from && target === LAZY.to))
        .filter(({ target }) => !isAllowed(roomOf(file), target))
        .map(({ target }) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("packages are imported only by the room that they are for", () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => !target.startsWith(".") && !target.startsWith("node:"))
        .filter(({ target }) => !(PACKAGES[roomOf(file)] ?? []).some((pattern) => pattern.test(target)))
        .map(({ target }) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("pure rooms read no clock, no randomness, no environment", () => {
    const impure = files.filter((file) => PURE.includes(roomOf(file)) && IMPURE.test(code(file)));
    expect(impure).toEqual([]);
  });

  it("nothing but the command line, the test kit, tests and examples imports the local cloud", () => {
    const wrong = files.filter(
      (file) => !/^(local|test-kit|cli|sim)\//.test(file) && /from "[^"]*\/local\//.test(code(file)),
    );
    expect(wrong).toEqual([]);
  });
});

describe("sizes", () => {
  const lines = files.map((file) => ({ file, count: textOf(file).split("\n").length - 1 }));

  it(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
    expect(lines.filter(({ count }) => count > FILE_LINES_MAX)).toEqual([]);
  });

  it(`half of the files have at most ${MEDIAN_LINES_MAX} lines`, () => {
    const counts = lines.map(({ count }) => count).sort((a, b) => a - b);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES_MAX);
  });
});

describe("public entries", () => {
  it("have no top-level await", () => {
    const entries = [
      "sdk/index.ts",
      "middleware/index.ts",
      "lambdas/runner/index.ts",
      "local/index.ts",
      "test-kit/index.ts",
      "infra/index.ts",
      "dropin/inngest/index.ts",
      "dropin/oqronkit/index.ts",
    ];
    expect(entries.filter((file) => /^await |^(const|let) .* = await /m.test(code(file)))).toEqual([]);
  });
});
