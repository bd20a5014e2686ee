/** Independent emulators of AWS, each installed by its registry's ordinary client into a folder that git ignores. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../.conformance");

interface Step {
  readonly program: string;
  readonly args: readonly string[];
}

/** How one is installed, in an empty folder of its own. */
interface Recipe {
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** Pinned: what a version does otherwise is part of the tests. */
export const VERSIONS = {
  "dynamodb-local": "2.6.1",
  ministack: "1.5.33",
  moto: "5.2.5",
  elasticmq: "1.6.12",
  fauxqs: "2.4.1",
} as const;

export type EmulatorName = keyof typeof VERSIONS;
export const EMULATORS = Object.keys(VERSIONS) as readonly EmulatorName[];

const RECIPES: Readonly<Record<EmulatorName, (version: string) => Recipe>> = {
  "dynamodb-local": (version) => maven("com.amazonaws", "DynamoDBLocal", version),
  ministack: (version) => pip(`ministack==${version}`),
  moto: (version) => pip(`moto[server,stepfunctions,sqs,dynamodb,events,scheduler,s3]==${version}`),
  elasticmq: (version) => maven("org.elasticmq", "elasticmq-server_2.13", version),
  fauxqs: (version) => npm(`fauxqs@${version}`),
};

export const isInstalled = (name: EmulatorName): boolean => existsSync(join(FOLDER, name));

/** Installs an emulator. Returns what went wrong, if anything did; then nothing of it is left. */
export function install(name: EmulatorName): string | undefined {
  const folder = join(FOLDER, name);
  const { files = {}, steps } = RECIPES[name](VERSIONS[name]);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  for (const step of steps) {
    const problem = run(step, folder);
    if (problem === undefined) continue;
    rmSync(folder, { recursive: true, force: true });
    return problem;
  }
  return undefined;
}

function run({ program, args }: Step, folder: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) return `${program} is not there`;
  if (status === 0) return undefined;
  const line = `${stdout}${stderr}`.split("\n").find((text) => /error/i.test(text)) ?? `it ended with ${status}`;
  return `${program}: ${line.trim()}`;
}

const maven = (group: string, artifact: string, version: string): Recipe => ({
  files: {
    "pom.xml": `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stepwell</groupId>
  <artifactId>conformance</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>${group}</groupId>
      <artifactId>${artifact}</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`,
  },
  steps: [
    { program: "java", args: ["-version"] },
    { program: "mvn", args: ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"] },
  ],
});

const pip = (requirement: string): Recipe => ({
  steps: [
    { program: "python3", args: ["-m", "venv", "."] },
    { program: join("bin", "pip"), args: ["install", "--quiet", requirement] },
  ],
});

const npm = (requirement: string): Recipe => ({
  files: { "package.json": "{}\n" },
  steps: [{ program: "npm", args: ["install", "--no-audit", "--no-fund", "--no-save", requirement] }],
});
